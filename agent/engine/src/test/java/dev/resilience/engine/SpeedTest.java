package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a call of a closed breaker costs beside the two clock reads it needs, in processor time of this thread: neighbours
 * lengthen the time on the wall, and hardly this.
 */
class SpeedTest {
    /**
     * Measured on 17 with ten times as many runnable threads as processors: 1.05 to 1.20, by strategy, and the same
     * within 0.02 each time. A third clock read alone is more than the margin.
     */
    private static final double MOST = 1.5;

    /** Measured likewise: 1.34 to 1.39. It limits and keeps the calls in flight besides. */
    private static final double MOST_ADAPTIVE = 1.8;

    /** Of which few are timed; measured at load 16: 0.15 to 0.16, adaptive 0.37 to 0.43. */
    private static final double MOST_SAMPLED = 0.5;

    private static final double MOST_SAMPLED_ADAPTIVE = 1.0;

    private static final int CALLS = 30_000;
    private static final int ROUNDS = 15;

    /** Until the compiler is done and the neighbours are quiet. */
    private static final int ATTEMPTS = 20;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

    static List<BreakerConfig> strategies() {
        return AllocationTest.strategies();
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void costsAClosedCallHardlyMoreThanItsTwoClockReads(BreakerConfig config) {
        Breaker breaker = Breaker.of(config, () -> 0, (from, to, counts) -> {}, System.nanoTime());
        Runnable calls = () -> {
            for (int i = 0; i < CALLS; i++) {
                breaker.settle(breaker.tryAcquire(System.nanoTime()), Outcome.SUCCESS, System.nanoTime());
            }
            breaker.pulse(System.nanoTime());
        };
        double most = config.strategy() instanceof Strategy.Adaptive ? MOST_ADAPTIVE : MOST;
        assertThat(leastRatio(calls, most)).isLessThan(most);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void costsACallOfAHotBreakerLessThanTheClockReads(boolean isAdaptive) {
        Breaker breaker = Breaker.of(
                isAdaptive ? Bench.config(Strategy.Adaptive.DEFAULT) : Bench.TIME_WINDOW,
                () -> 0,
                (from, to, counts) -> {},
                System.nanoTime());
        Runnable calls = () -> {
            for (int i = 0; i < CALLS; i++) {
                if (breaker.isHot() && ThreadLocalRandom.current().nextInt(Breaker.TIMED) != 0) {
                    breaker.settleUntimed(breaker.tryAcquireUntimed());
                } else {
                    breaker.settle(breaker.tryAcquire(System.nanoTime()), Outcome.SUCCESS, System.nanoTime());
                }
            }
            breaker.pulse(System.nanoTime());
        };
        double most = isAdaptive ? MOST_SAMPLED_ADAPTIVE : MOST_SAMPLED;
        assertThat(leastRatio(calls, most)).isLessThan(most);
    }

    /** The first median that is low enough, or the lowest of all attempts. */
    private double leastRatio(Runnable calls, double enough) {
        double least = Double.MAX_VALUE;
        for (int attempt = 0; attempt < ATTEMPTS && least >= enough; attempt++) {
            least = Math.min(least, medianRatio(calls));
        }
        return least;
    }

    private double medianRatio(Runnable calls) {
        double[] ratios = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            long clocks = processorNanos(this::readClocks);
            ratios[round] = (double) processorNanos(calls) / Math.max(1, clocks);
        }
        Arrays.sort(ratios);
        return ratios[ROUNDS / 2];
    }

    private void readClocks() {
        for (int i = 0; i < CALLS; i++) {
            long start = System.nanoTime();
            if (System.nanoTime() - start < 0) {
                throw new AssertionError("the clock stepped back");
            }
        }
    }

    private long processorNanos(Runnable work) {
        long before = threads.getCurrentThreadCpuTime();
        work.run();
        return threads.getCurrentThreadCpuTime() - before;
    }
}
