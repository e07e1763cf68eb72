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
                Bench.config(Strategy.Adaptive.DEFAULT),
                Bench.config(Strategy.Adaptive.DEFAULT).below(new Layers(false, 0, Bench.SLO)),
                Bench.CONSECUTIVE.below(new Layers(false, 0, Bench.SLO)));
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

    /** A probe that says nothing gives its place back. */
    @ParameterizedTest
    @MethodSource("strategies")
    void allocatesNothingForAMillionProbes(BreakerConfig config) {
        Bench bench = new Bench(config);
        bench.tripInTime();
        bench.now += bench.breaker.retryAfterNanos(bench.now);
        bench.pulse();
        long[] refused = {0};
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        long permit = bench.breaker.tryAcquire(bench.now);
                        refused[0] += Breaker.isRefusal(permit) ? 1 : 0;
                        bench.breaker.settle(permit, IGNORED, bench.now);
                    }
                }))
                .isZero();
        assertThat(refused[0]).isZero();
        assertThat(bench.breaker.state()).isNotEqualTo(BreakerState.CLOSED);
    }

    /** Slow enough to be looked at twice, and connections, which no limit counts. */
    @ParameterizedTest
    @MethodSource("strategies")
    void allocatesNothingForAMillionSlowCallsAndConnections(BreakerConfig config) {
        Bench bench = new Bench(config);
        long second = 1_000_000_000;
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        bench.breaker.settle(bench.breaker.tryAcquire(bench.now - second), IGNORED, bench.now);
                        long permit = bench.breaker.tryAcquireUncounted(bench.now - second);
                        bench.breaker.settle(permit, i % 4 == 0 ? FAILURE : SUCCESS, bench.now);
                    }
                }))
                .isZero();
    }

    @Test
    void allocatesNothingForAMillionCallsOfABusyGuardWhichTheTableHasNoPlaceFor() {
        AdaptiveBench bench = new AdaptiveBench(new Strategy.Adaptive(true, true, 1, 1_000_000), 7, 0);
        bench.calls(Stripe.RING + 1, 0, SUCCESS);
        bench.pass(Duration.ofMillis(100));
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        bench.breaker.settle(bench.breaker.tryAcquire(bench.now), SUCCESS, bench.now);
                    }
                }))
                .isZero();
        bench.acquire(20_000);
        int placed = bench.breaker.inFlight();
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < 2_000; i++) {
                        bench.breaker.settle(bench.breaker.tryAcquire(bench.now), SUCCESS, bench.now);
                    }
                }))
                .isZero();
        assertThat(bench.breaker.inFlight()).isEqualTo(placed).isLessThan(20_000);
    }

    /** Some are refused by their share, which depends on when they come. */
    @Test
    void allocatesNothingForAMillionCallsWhileItRecovers() {
        AdaptiveBench bench = new AdaptiveBench();
        bench.ready();
        for (int i = 0; i < 3; i++) {
            bench.settle(bench.acquire(), SUCCESS);
        }
        int[] refused = {0};
        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        long permit = bench.breaker.tryAcquire(bench.now + i % 1_000);
                        refused[0] += Breaker.isRefusal(permit) ? 1 : 0;
                        bench.breaker.settle(permit, SUCCESS, bench.now + i % 1_000);
                    }
                }))
                .isZero();
        assertThat(refused[0]).isBetween(CALLS, 3 * CALLS - 1);
        assertThat(bench.breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
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
