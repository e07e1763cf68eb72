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

    @Test
    void endsTheWaitOfAllWhenItIsDone() throws Exception {
        CountDownLatch waited = new CountDownLatch(2);
        for (int i = 0; i < 2; i++) {
            new Thread(() -> {
                        Lookup.await(List.of(lookup), () -> false);
                        waited.countDown();
                    })
                    .start();
        }
        lookup.run();
        waited.await();

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
        CountDownLatch waited = new CountDownLatch(1);
        new Thread(() -> {
                    Lookup.await(List.of(new Lookup("never asked"), lookup), () -> false);
                    waited.countDown();
                })
                .start();
        lookup.run();
        waited.await();
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
