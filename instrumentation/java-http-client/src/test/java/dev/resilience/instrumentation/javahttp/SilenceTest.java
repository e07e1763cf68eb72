package dev.resilience.instrumentation.javahttp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.testkit.Eventually;
import dev.resilience.testkit.RealGuards;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How long a body is silent while its reader waits for more. */
class SilenceTest {
    private static final long MILLI = 1_000_000;
    private static final long BOUND = Duration.ofSeconds(2).toNanos();

    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 50 * MILLI);
    private final List<String> heard = new ArrayList<>();
    private final Taking taking = new Taking();
    private final Faults faults = (site, fault) -> {
        throw new AssertionError(site, fault);
    };
    private final BoundedBody<String> body = new BoundedBody<>(taking, faults, thrown -> {}, clock::get);

    private BodyClock timed(@Nullable Executor delivering) {
        BodyClock timing = new BodyClock(new Listening(), faults, BOUND, body, delivering, () -> true, refusal -> {});
        body.timedBy(timing);
        body.onSubscribe(new Nothing());
        return timing;
    }

    /** A walk beside the obvious: of each millisecond, whether the reader waited for more. */
    @Test
    void isTheTimeSinceItsReaderHadNothingAndWantedMore() {
        for (int seed = 0; seed < 50; seed++) {
            walk(seed);
        }
    }

    private void walk(int seed) {
        Random random = new Random(seed);
        AtomicLong now = new AtomicLong(random.nextLong());
        List<Boolean> waiting = new ArrayList<>();
        long[] demand = {0};
        long longest = 0;
        Taking reader = new Taking();
        BoundedBody<String> walked = new BoundedBody<>(reader, faults, thrown -> {}, now::get);
        walked.timedBy(new BodyClock(new Listening(), faults, BOUND, walked, null, () -> true, refusal -> {}));
        walked.onSubscribe(new Nothing());
        for (int step = 0; step < 2_000; step++) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    int millis = random.nextInt(50);
                    now.addAndGet(millis * MILLI);
                    for (int i = 0; i < millis; i++) {
                        waiting.add(demand[0] > 0);
                    }
                }
                case 1 -> {
                    int more = random.nextInt(20) == 0 ? Integer.MAX_VALUE : 1 + random.nextInt(2);
                    walked.request(more);
                    demand[0] += more;
                }
                default -> {
                    if (demand[0] > 0) {
                        longest = Math.max(longest, trailing(waiting));
                        demand[0]--;
                        int takes = random.nextInt(3) == 0 ? random.nextInt(30) : 0;
                        boolean asks = random.nextBoolean();
                        reader.taking = () -> {
                            now.addAndGet(takes * MILLI);
                            assertThat(walked.silentNanos())
                                    .as("while it is told")
                                    .isZero();
                            if (asks) {
                                walked.request(1);
                                demand[0]++;
                            }
                        };
                        walked.onNext(List.of());
                        waiting.add(false); // a piece came, and was taken
                    }
                }
            }
            assertThat(walked.silentNanos())
                    .as("seed %d step %d", seed, step)
                    .isEqualTo(demand[0] > 0 ? MILLI * trailing(waiting) : 0);
            assertThat(walked.longestSilenceNanos()).isEqualTo(longest * MILLI);
        }
        walked.onComplete();
        assertThat(walked.silentNanos()).isZero();
    }

    private static int trailing(List<Boolean> waiting) {
        int from = waiting.size();
        while (from > 0 && waiting.get(from - 1)) {
            from--;
        }
        return waiting.size() - from;
    }

    @Test
    void mayLastItsTimeFromWhateverCameLast() {
        BodyClock timing = timed(null);
        assertThat(timing.leftNanos()).as("nobody asked").isEqualTo(BOUND);
        body.request(5);
        pass(BOUND - 1);
        assertThat(timing.leftNanos()).isEqualTo(1);
        body.onNext(List.of());
        assertThat(timing.leftNanos()).isEqualTo(BOUND);
        pass(BOUND);
        assertThat(timing.leftNanos()).isZero();
    }

    @Test
    void isToldWithTheEndOfTheBody() {
        timed(null);
        body.request(5);
        pass(7 * MILLI);
        body.onNext(List.of());
        pass(9 * MILLI);
        body.onComplete();
        body.cut(new IllegalStateException("too late"));

        assertThat(heard).containsExactly("9 true");
    }

    @Test
    void isToldOfABodyThatIsLeft() {
        timed(null);
        body.request(1);
        pass(7 * MILLI);
        body.onNext(List.of());
        body.cancel();
        body.cancel();

        assertThat(heard).containsExactly("7 false");
    }

    @Test
    void isNotTheTargetsWhereTheExecutorOfTheApplicationIsBusy() {
        List<Runnable> queue = new ArrayList<>();
        BodyClock timing = timed(task -> {
            synchronized (queue) {
                queue.add(task);
            }
        });
        body.request(2);
        pass(BOUND);
        assertThat(timing.leftNanos()).isBetween(1L, BOUND);
        assertThat(Eventually.eventually(() -> {
                    synchronized (queue) {
                        return queue.size() == 1;
                    }
                }))
                .isTrue();
        pass(BOUND);
        assertThat(timing.leftNanos()).as("still busy").isEqualTo(BOUND);

        body.onNext(List.of()); // what lay there
        queue.remove(0).run();
        assertThat(timing.leftNanos()).isEqualTo(BOUND);

        pass(BOUND);
        assertThat(timing.leftNanos()).isBetween(1L, BOUND);
        assertThat(Eventually.eventually(() -> {
                    synchronized (queue) {
                        return queue.size() == 1;
                    }
                }))
                .isTrue();
        queue.remove(0).run();
        assertThat(timing.leftNanos()).as("nothing lay there").isZero();
    }

    @Test
    void isTheTargetsWhereTheExecutorTakesNothingAnyMore() {
        BodyClock timing = timed(task -> {
            throw new RejectedExecutionException();
        });
        body.request(1);
        pass(BOUND);
        assertThat(timing.leftNanos()).isPositive();
        assertThat(Eventually.eventually(() -> timing.leftNanos() == 0)).isTrue();
    }

    @Test
    void costsNoBytesForAPiece() {
        BoundedBody<String> plain = new BoundedBody<>(taking, faults, thrown -> {});
        plain.onSubscribe(new Nothing());
        Cost bounded = costOfAPiece(plain);
        BoundedBody<String> watched = new BoundedBody<>(taking, faults, thrown -> {});
        watched.timedBy(new BodyClock(new Listening(), faults, BOUND, watched, null, () -> true, refusal -> {}));
        watched.onSubscribe(new Nothing());
        Cost timed = costOfAPiece(watched);

        System.out.println("a piece that is asked for and comes: bounded " + bounded + ", timed as well " + timed);
        assertThat(timed.bytes).isZero();
    }

    private record Cost(long nanos, long bytes) {
        @Override
        public String toString() {
            return nanos + " ns, " + bytes + " B";
        }
    }

    private static Cost costOfAPiece(BoundedBody<String> body) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<ByteBuffer> piece = List.of();
        int pieces = 100_000;
        long bytes = Long.MAX_VALUE;
        long nanos = Long.MAX_VALUE;
        for (int round = 0; round < 20; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            long began = System.nanoTime();
            for (int i = 0; i < pieces; i++) {
                body.request(1);
                body.onNext(piece);
            }
            nanos = Math.min(nanos, System.nanoTime() - began);
            bytes = Math.min(bytes, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return new Cost(nanos / pieces, bytes / pieces);
    }

    /** What a whole body costs beside its pieces, under the real guard. */
    @Test
    void costsSomeHundredBytesForABody() {
        RealGuards real = new RealGuards("mode=enforce");
        real.stopRecording();
        Guard guard = Objects.requireNonNull(real.registry().http("GET", URI.create("http://127.0.0.1:1/")));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int bodies = 20_000;
        long bytes = Long.MAX_VALUE;
        long nanos = Long.MAX_VALUE;
        for (int round = 0; round < 20; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            long began = System.nanoTime();
            for (int i = 0; i < bodies; i++) {
                BoundedBody<String> one = new BoundedBody<>(taking, faults, thrown -> {});
                BodyClock timing =
                        new BodyClock(guard, faults, guard.stallAfterNanos(), one, null, () -> true, refusal -> {});
                one.timedBy(timing);
                timing.begin(timing);
                one.onSubscribe(new Nothing());
                one.onComplete();
            }
            nanos = Math.min(nanos, System.nanoTime() - began);
            bytes = Math.min(bytes, threads.getCurrentThreadAllocatedBytes() - before);
        }
        System.out.println("a body that is timed: " + new Cost(nanos / bodies, bytes / bodies));
        assertThat(bytes / bodies).isLessThan(1_000);
        assertThat(real.faults()).isEmpty();
    }

    private void pass(long nanos) {
        clock.addAndGet(nanos);
    }

    /** Takes what it is given. */
    private static final class Taking implements BodySubscriber<String> {
        private Runnable taking = () -> {};

        @Override
        public CompletionStage<String> getBody() {
            return new CompletableFuture<>();
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {}

        @Override
        public void onNext(List<ByteBuffer> item) {
            taking.run();
        }

        @Override
        public void onError(Throwable thrown) {}

        @Override
        public void onComplete() {}
    }

    private record Nothing() implements Flow.Subscription {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    }

    private final class Listening implements Guard {
        @Override
        public void heard(Call stream, long silenceNanos, boolean isWhole) {
            heard.add(silenceNanos / MILLI + " " + isWhole);
        }

        @Override
        public boolean enforces() {
            return true;
        }

        @Override
        public long deadlineNanos() {
            return 0;
        }

        @Override
        public boolean isDeadlineAdaptive() {
            return false;
        }

        @Override
        public void answering(Call call) {}

        @Override
        public @Nullable Refusal tryAcquire(Call call) {
            return null;
        }

        @Override
        public @Nullable Fallback settle(Call call, Ending ending) {
            return null;
        }

        @Override
        public @Nullable Fallback settleExpired(Call call, @Nullable Throwable thrown) {
            return null;
        }
    }
}
