package dev.resilience.engine;

import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AllocationTest {
    private static final int CALLS = 1_000_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static List<BreakerConfig> strategies() {
        return List.of(
                Bench.CONSECUTIVE,
                Bench.config(new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.5)),
                Bench.config(new Strategy.CountWindow(100, 20, 0.5)),
                Bench.config(new Strategy.TimeWindow(
                        Duration.ofSeconds(10), 10, 20, 0.5, new Strategy.SlowCalls(Duration.ofMillis(1), 0.5))),
                Bench.config(new Strategy.CountWindow(100, 20, 0.5, new Strategy.SlowCalls(Duration.ofMillis(1), 0.5))),
                Bench.EWMA,
                Bench.TWO_DIMENSION,
                Bench.SLO,
                Bench.config(Strategy.Adaptive.DEFAULT));
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void allocatesNothingForAMillionCallsThatSucceedFailOrAreIgnored(BreakerConfig config) {
        Bench bench = new Bench(config);
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        Outcome outcome = i % 4 == 0 ? FAILURE : i % 4 == 1 ? IGNORED : SUCCESS;
                        bench.breaker.settle(bench.breaker.tryAcquire(bench.now), outcome, bench.now);
                    }
                }))
                .isZero();
        assertThat(bench.breaker.state()).isEqualTo(BreakerState.CLOSED);
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void allocatesNothingForAMillionRefusals(BreakerConfig config) {
        Bench bench = new Bench(config);
        bench.tripInTime();
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        bench.breaker.settle(bench.breaker.tryAcquire(bench.now), FAILURE, bench.now);
                    }
                }))
                .isZero();
        assertThat(bench.breaker.state()).isEqualTo(BreakerState.OPEN);
    }

    @Test
    void allocatesNothingForAMillionRefusalsOfAFullLimit() {
        Bench bench = new Bench(Bench.config(new Strategy.Adaptive(true, true, 1, 1)));
        long held = bench.acquire();
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        bench.breaker.settle(bench.breaker.tryAcquire(bench.now), FAILURE, bench.now);
                    }
                }))
                .isZero();
        assertThat(bench.acquire()).isEqualTo(Breaker.LIMITED);
        bench.settle(held, SUCCESS);
        assertThat(bench.acquire()).isNotEqualTo(Breaker.LIMITED);
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
