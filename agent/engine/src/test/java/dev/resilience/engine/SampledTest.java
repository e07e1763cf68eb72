package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Breakers of which so many calls are asked that most of them go untimed. */
class SampledTest {
    private static final long MILLI = AdaptiveBench.MILLI;
    private static final int BUSY = 20_000;

    static List<BreakerConfig> countingStrategies() {
        return List.of(Bench.TIME_WINDOW, Bench.COUNT_WINDOW, Bench.config(Strategy.Adaptive.DEFAULT));
    }

    static List<BreakerConfig> strategiesThatNeedEachLatency() {
        Strategy.SlowCalls slow = new Strategy.SlowCalls(Duration.ofMillis(300), 0.5);
        return List.of(
                Bench.config(new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.5, slow)),
                Bench.config(new Strategy.CountWindow(20, 20, 0.5, slow)),
                Bench.TWO_DIMENSION,
                Bench.SLO);
    }

    private static void pulses(Bench bench, int times, int callsEach) {
        for (int i = 0; i < times; i++) {
            bench.calls(callsEach, Outcome.SUCCESS, Duration.ofNanos(100_000));
            bench.pass(Duration.ofMillis(100));
        }
    }

    @ParameterizedTest
    @MethodSource("countingStrategies")
    void isHotAfterThreeBusyPulsesAndUntilThereAreHalfAsManyCalls(BreakerConfig config) {
        Bench bench = new Bench(config);
        pulses(bench, 2, BUSY);
        assertThat(bench.breaker.isHot()).isFalse();
        pulses(bench, 1, BUSY);
        assertThat(bench.breaker.isHot()).isTrue();
        pulses(bench, 5, 6_000);
        assertThat(bench.breaker.isHot()).isTrue();
        pulses(bench, 1, 4_000);
        assertThat(bench.breaker.isHot()).isFalse();
        pulses(bench, 5, 9_000);
        assertThat(bench.breaker.isHot()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("strategiesThatNeedEachLatency")
    void isNeverHotWhereEachLatencyCounts(BreakerConfig config) {
        Bench bench = new Bench(config);
        pulses(bench, 6, BUSY);
        assertThat(bench.breaker.isHot()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("countingStrategies")
    void coolsDownOnceItIsOpen(BreakerConfig config) {
        Bench bench = new Bench(config);
        pulses(bench, 3, BUSY);
        bench.trip();
        bench.pass(Duration.ofMillis(200));
        assertThat(bench.breaker.isHot()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("countingStrategies")
    void countsEachCallThatSucceededUntimed(BreakerConfig config) {
        Bench bench = new Bench(config);
        for (int i = 0; i < 3_000; i++) {
            for (int ok = 0; ok < 6; ok++) {
                bench.breaker.settleUntimed(bench.breaker.tryAcquireUntimed());
            }
            bench.calls(4, Outcome.FAILURE);
            bench.pass(Duration.ofMillis(i % 10 == 0 ? 100 : 0));
        }
        assertThat(bench.breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(bench.breaker.inFlight()).isZero();
        for (int i = 0; i < 100; i++) {
            bench.breaker.settleUntimed(bench.breaker.tryAcquireUntimed());
            bench.calls(19, Outcome.FAILURE);
            bench.pass(Duration.ofMillis(100));
        }
        assertThat(bench.breaker.state()).isNotEqualTo(BreakerState.CLOSED);
    }

    @Test
    void limitsAndWritesOffUntimedCallsLikeOthers() {
        AdaptiveBench bench = new AdaptiveBench(new Strategy.Adaptive(true, true, 2, 2), 7, 0);
        bench.warm(5);
        long hung = bench.breaker.tryAcquireUntimed();
        long other = bench.breaker.tryAcquireUntimed();
        assertThat(bench.breaker.tryAcquireUntimed()).isEqualTo(Breaker.LIMITED);
        assertThat(bench.breaker.inFlight()).isEqualTo(2);
        bench.breaker.settleUntimed(other);
        bench.pass(Duration.ofMillis(500));
        assertThat(bench.breaker.inFlight()).isEqualTo(1);

        bench.pass(Duration.ofNanos(bench.breaker.patienceNanos() + 2 * AdaptiveBench.PULSE));
        assertThat(bench.breaker.inFlight()).isZero();
        bench.breaker.settleUntimed(hung);
        assertThat(bench.breaker.inFlight()).isZero();
    }

    /** 400 callers without a pause, of a target that serves one after the other, and then takes five times as long for each. */
    @Test
    void bindsTheLimitAboutWhereItWouldIfEachCallWereTimed() {
        int timed = lowestLimitOfABrownout(1);
        int sampled = lowestLimitOfABrownout(Breaker.TIMED);
        assertThat(timed).isLessThan(400);
        assertThat(sampled).isBetween(timed * 2 / 3, timed * 3 / 2);
    }

    private static int lowestLimitOfABrownout(int timedOneIn) {
        AdaptiveBench bench = new AdaptiveBench();
        SplittableRandom draw = new SplittableRandom(3);
        long[] permits = new long[400];
        boolean[] untimed = new boolean[permits.length];
        Arrays.fill(permits, Breaker.REFUSED);
        long pulse = AdaptiveBench.PULSE;
        int lowest = Integer.MAX_VALUE;
        for (long service : new long[] {2_500, 12_500}) {
            for (long end = bench.now + 3_000 * MILLI; bench.now < end; ) {
                for (int i = 0; i < permits.length; i++) {
                    bench.now += AdaptiveBench.isGranted(permits[i]) ? service : 1;
                    if (untimed[i]) {
                        bench.breaker.settleUntimed(permits[i]);
                    } else {
                        bench.settle(permits[i], Outcome.SUCCESS);
                    }
                    if (bench.now >= pulse) {
                        bench.pulse();
                        lowest = Math.min(lowest, bench.breaker.limit());
                        pulse += AdaptiveBench.PULSE;
                    }
                    untimed[i] = bench.breaker.isHot() && draw.nextInt(timedOneIn) != 0;
                    permits[i] = untimed[i] ? bench.breaker.tryAcquireUntimed() : bench.acquire();
                }
            }
        }
        assertThat(bench.breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(bench.breaker.isHot()).isTrue();
        return lowest;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void allocatesNothing(boolean isAdaptive) {
        Bench bench = new Bench(isAdaptive ? Bench.config(Strategy.Adaptive.DEFAULT) : Bench.TIME_WINDOW);
        pulses(bench, 3, BUSY);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int turn = 0; turn < 3; turn++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1_000_000; i++) {
                bench.breaker.settleUntimed(bench.breaker.tryAcquireUntimed());
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).isZero();
    }
}
