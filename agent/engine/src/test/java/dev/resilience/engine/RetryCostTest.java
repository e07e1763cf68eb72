package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.resilience.engine.RetryDecision.Attempt;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A million calls, made again and not, allocate nothing; one that is not made again costs less than a clock read. */
class RetryCostTest {
    private static final int CALLS = 1_000_000;
    private static final int ATTEMPTS = 20;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final RetryBudget budget = new RetryBudget(0.1, 0);
    private final RepeatedCalls repeated = new RepeatedCalls(1024, 5_000_000_000L, 0);

    @Test
    void callsAllocateNothing() {
        long[] repeats = {0};
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        if (repeated.isWatching(i * 1000L) && repeated.isRepeat(i % 5000, i * 1000L)) {
                            budget.repeated();
                            repeats[0]++;
                        } else {
                            budget.called();
                        }
                        if (i % 3 == 0) {
                            repeated.failed(i % 7000, i * 1000L);
                        }
                        if (i % 1000 == 0) {
                            budget.pulse(i * 1000L);
                        }
                    }
                }))
                .isZero();
        assertThat(repeats[0]).isPositive();
    }

    @Test
    void decisionsAllocateNothing() {
        RetryDecision decision = new RetryDecision(
                new RetryConfig(3, new Backoff(Duration.ofMillis(10), Duration.ofSeconds(1)), 0.1), budget);
        Attempt[] attempts = {
            new Attempt(1, CallEnd.FAULT, true, true, RetryDecision.NOT_TOLD, Long.MAX_VALUE, 0),
            new Attempt(1, CallEnd.SILENCE, true, true, 1_000, 1_000_000_000, 1_000),
            new Attempt(1, CallEnd.REFUSED, true, true, RetryDecision.NOT_TOLD, 7, 0),
        };
        SplittableRandom random = new SplittableRandom(1);
        long[] again = {0};
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        budget.called();
                        long decided = decision.decide(attempts[i % 3], i % 7 == 0, random, i * 1000L);
                        again[0] += RetryDecision.reason(decided) == RetryReason.AGAIN ? 1 : 0;
                    }
                }))
                .isZero();
        assertThat(again[0]).isBetween(CALLS / 10L, 2L * CALLS);
    }

    /** While nothing fails: two looks, which on an idle machine take a fifth of a clock read of 25 ns. */
    @Test
    void aCallOfATargetThatIsWellCostsLessThanAClockRead() {
        for (int i = 0; i < 1000; i++) {
            budget.called();
        }
        double least = Double.MAX_VALUE;
        for (int attempt = 0; attempt < ATTEMPTS && least >= 1; attempt++) {
            long clocks = processorNanos(() -> {
                long last = 0;
                for (int i = 0; i < CALLS; i++) {
                    last |= System.nanoTime();
                }
                assertThat(last).isNotZero();
            });
            long calls = processorNanos(() -> {
                int watching = 0;
                for (int i = 0; i < CALLS; i++) {
                    watching += repeated.isWatching(i) ? 1 : 0;
                    budget.called();
                }
                assertThat(watching).isZero();
            });
            least = Math.min(least, (double) calls / Math.max(1, clocks));
        }
        assertThat(least).isLessThan(1);
    }

    private long processorNanos(Runnable work) {
        long before = threads.getCurrentThreadCpuTime();
        work.run();
        return threads.getCurrentThreadCpuTime() - before;
    }

    /** The first turns may load classes; a leak would be in all of them. */
    private long leastOfThree(Runnable calls) {
        long least = Long.MAX_VALUE;
        for (int turn = 0; turn < 3; turn++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            calls.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }
}
