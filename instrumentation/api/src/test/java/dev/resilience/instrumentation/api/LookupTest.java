package dev.resilience.instrumentation.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class LookupTest {
    private static final String NAME = "localhost";

    private final Lookup lookup = new Lookup(NAME);

    /** Not by looking again, which is once a second. */
    private void endsTheWaitOf(List<Lookup> lookups, int waiting) throws InterruptedException {
        CountDownLatch waited = new CountDownLatch(waiting);
        for (int i = 0; i < waiting; i++) {
            Thread thread = new Thread(() -> {
                Lookup.await(lookups, () -> false);
                waited.countDown();
            });
            thread.start();
            while (thread.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
        }
        long before = System.nanoTime();
        lookup.run();
        waited.await();
        assertThat(System.nanoTime() - before).isLessThan(Lookup.LOOK_NANOS * 9 / 10);
    }

    @Test
    void endsTheWaitOfAllWhenItIsDone() throws Exception {
        endsTheWaitOf(List.of(lookup), 2);

        assertThat(lookup.found()).isNotNull().hasToString(NAME + "/127.0.0.1");
        assertThat(lookup.isFresh(Long.MAX_VALUE)).isTrue();
        assertThat(lookup.isFresh(0)).isFalse();
    }

    @Test
    void isWaitedForNoLongerThanIsEnough() {
        Lookup.await(List.of(lookup), () -> true);

        assertThat(lookup.isDone()).isFalse();
        assertThat(lookup.found()).isNull();
        assertThat(lookup.isFresh(0)).as("it is under way").isTrue();
    }

    @Test
    void isEnoughWhereSeveralAreWaitedFor() throws Exception {
        endsTheWaitOf(List.of(new Lookup("never asked"), lookup), 1);
    }

    @Test
    void keepsAnInterruptForLater() {
        AtomicBoolean interrupted = new AtomicBoolean();
        Thread.currentThread().interrupt();
        Lookup.await(List.of(lookup), () -> {
            boolean enough = interrupted.get();
            interrupted.set(true);
            return enough;
        });

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void ofANameThatIsUnknownIsAskedAnew() {
        Lookup unknown = new Lookup("no such name");
        unknown.run();

        assertThat(unknown.isDone()).isTrue();
        assertThat(unknown.found()).isNull();
        assertThat(unknown.isFresh(Long.MAX_VALUE)).isFalse();
    }
}
