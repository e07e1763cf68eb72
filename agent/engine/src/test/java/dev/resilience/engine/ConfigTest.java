package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigTest {
    private static final Duration MS = Duration.ofMillis(1);
    private static final Duration NANO = Duration.ofNanos(1);
    private static final Duration TEN_MS = Duration.ofMillis(10);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Backoff BACKOFF = new Backoff(TEN_MS, SECOND);

    /** Makes one record; what comes out does not matter. */
    interface Making {
        Object make();
    }

    static Stream<Making> withinBounds() {
        return Stream.of(
                () -> breaker(TEN_MS, TEN_MS, 0, 1, Double.MIN_VALUE, TEN_MS),
                () -> breaker(HOUR, DAY, Math.nextDown(1.0), 1000, 1, HOUR),
                () -> breaker(
                        BreakerConfig.DEFAULT_OPEN_FOR,
                        BreakerConfig.DEFAULT_MAX_OPEN_FOR,
                        BreakerConfig.DEFAULT_JITTER,
                        BreakerConfig.DEFAULT_PROBES,
                        BreakerConfig.DEFAULT_PROBE_SUCCESS_RATE,
                        BreakerConfig.DEFAULT_PROBE_TIMEOUT),
                () -> new Strategy.Consecutive(1),
                () -> new Strategy.Consecutive(1_000_000),
                () -> new Strategy.Consecutive(Strategy.Consecutive.DEFAULT_FAILURES),
                () -> new Strategy.TimeWindow(SECOND, 1, 1, Double.MIN_VALUE),
                () -> new Strategy.TimeWindow(HOUR, 600, 1_000_000, Math.nextDown(1.0)),
                () -> new Strategy.TimeWindow(
                        Strategy.TimeWindow.DEFAULT_WINDOW,
                        Strategy.TimeWindow.DEFAULT_SLOTS,
                        Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS,
                        Strategy.TimeWindow.DEFAULT_FAILURE_RATE),
                () -> new Strategy.CountWindow(1, 1, Double.MIN_VALUE),
                () -> new Strategy.CountWindow(10_000, 10_000, Math.nextDown(1.0)),
                () -> new Strategy.CountWindow(Strategy.CountWindow.DEFAULT_CALLS, 20, 0.5),
                () -> new Strategy.SlowCalls(MS, Double.MIN_VALUE),
                () -> new Strategy.SlowCalls(HOUR, Math.nextDown(1.0)),
                () -> new Strategy.Ewma(0.05, 1, Double.MIN_VALUE),
                () -> new Strategy.Ewma(0.3, 1_000_000, Math.nextDown(1.0)),
                () -> new Strategy.Ewma(Strategy.Ewma.DEFAULT_ALPHA, 20, 0.5),
                () -> two(Double.MIN_VALUE, 1, SECOND, SECOND, 1, 1),
                () -> two(Math.nextDown(1.0), 1_000_000, HOUR, HOUR, 1000, 100),
                () -> p90(MS, MS, 0),
                () -> p90(HOUR, HOUR, 10),
                () -> new Strategy.TwoDimension(
                        Strategy.TwoDimension.DEFAULT_FAILURE_RATE,
                        20,
                        Strategy.TwoDimension.DEFAULT_PERIOD,
                        Strategy.TwoDimension.DEFAULT_SHORT_PERIOD,
                        Strategy.TwoDimension.DEFAULT_SHORT_PERIOD_AFTER,
                        Strategy.TwoDimension.DEFAULT_PERIODS,
                        Strategy.TwoDimension.DEFAULT_P90,
                        Strategy.TwoDimension.DEFAULT_MAX_P90,
                        Strategy.TwoDimension.DEFAULT_P90_MARGIN),
                () -> slo(MS, Double.MIN_VALUE, 1, SECOND, SECOND),
                () -> slo(HOUR, Math.nextDown(1.0), 1_000_000, HOUR, DAY),
                () -> climbing(600, 1000, HOUR),
                () -> climbing(2, 1, MS),
                () -> new Strategy.Slo(
                        SECOND,
                        Strategy.Slo.DEFAULT_BUDGET,
                        Strategy.Slo.DEFAULT_MINIMUM_CALLS,
                        Strategy.Slo.DEFAULT_SHORT_WINDOW,
                        Strategy.Slo.DEFAULT_LONG_WINDOW,
                        Strategy.Slo.DEFAULT_SLOTS,
                        Strategy.Slo.DEFAULT_VIOLATIONS,
                        Strategy.Slo.DEFAULT_CLIMB),
                () -> new RetryConfig(2, BACKOFF, 0.001),
                () -> new RetryConfig(10, BACKOFF, 1),
                () -> new RateConfig(1, RateConfig.MINUTE, 1),
                () -> new RateConfig(1_000_000, RateConfig.SECOND, 1_000_000),
                () -> new ConcurrencyConfig.Fixed(1),
                () -> new ConcurrencyConfig.Fixed(100_000),
                () -> new ConcurrencyConfig.Adaptive(1, 1),
                () -> new ConcurrencyConfig.Adaptive(100_000, 100_000),
                () -> new ConcurrencyConfig.Adaptive(
                        ConcurrencyConfig.Adaptive.DEFAULT_MIN, ConcurrencyConfig.Adaptive.DEFAULT_MAX));
    }

    @ParameterizedTest
    @MethodSource("withinBounds")
    void acceptsWhatIsWithinBounds(Making making) {
        assertThat(making.make()).isNotNull();
    }

    static Stream<Arguments> outOfBounds() {
        return Stream.of(
                wrong(
                        () -> breaker(TEN_MS.minus(NANO), HOUR, 0, 1, 1, SECOND),
                        "open-for must be 10ms to 1h, was PT0.009999999S"),
                wrong(
                        () -> breaker(HOUR.plus(NANO), DAY, 0, 1, 1, SECOND),
                        "open-for must be 10ms to 1h, was PT1H0.000000001S"),
                wrong(
                        () -> breaker(SECOND, SECOND.minus(MS), 0, 1, 1, SECOND),
                        "max-open-for must be open-for to 1d, was PT0.999S"),
                wrong(
                        () -> breaker(SECOND, DAY.plus(MS), 0, 1, 1, SECOND),
                        "max-open-for must be open-for to 1d, was PT24H0.001S"),
                wrong(() -> breaker(SECOND, HOUR, -0.01, 1, 1, SECOND), "jitter must be 0% to below 100%, was -0.01"),
                wrong(() -> breaker(SECOND, HOUR, 1, 1, 1, SECOND), "jitter must be 0% to below 100%, was 1.0"),
                wrong(
                        () -> breaker(SECOND, HOUR, Double.NaN, 1, 1, SECOND),
                        "jitter must be 0% to below 100%, was NaN"),
                wrong(() -> breaker(SECOND, HOUR, 0, 0, 1, SECOND), "probes must be 1 to 1000, was 0"),
                wrong(() -> breaker(SECOND, HOUR, 0, 1001, 1, SECOND), "probes must be 1 to 1000, was 1001"),
                wrong(
                        () -> breaker(SECOND, HOUR, 0, 1, 0, SECOND),
                        "probe-success-rate must be above 0% and at most 100%, was 0.0"),
                wrong(
                        () -> breaker(SECOND, HOUR, 0, 1, 1.01, SECOND),
                        "probe-success-rate must be above 0% and at most 100%, was 1.01"),
                wrong(() -> breaker(SECOND, HOUR, 0, 1, 1, MS), "probe-timeout must be 10ms to 1h, was PT0.001S"),
                wrong(() -> breaker(SECOND, HOUR, 0, 1, 1, DAY), "probe-timeout must be 10ms to 1h, was PT24H"),
                wrong(() -> new RetryConfig(1, BACKOFF, 0.1), "attempts must be 2 to 10, was 1"),
                wrong(() -> new RetryConfig(11, BACKOFF, 0.1), "attempts must be 2 to 10, was 11"),
                wrong(() -> new RetryConfig(2, BACKOFF, 0.0009), "budget must be 0.1% to 100%, was 9.0E-4"),
                wrong(() -> new RetryConfig(2, BACKOFF, 1.01), "budget must be 0.1% to 100%, was 1.01"),
                wrong(() -> new Strategy.Consecutive(0), "consecutive-failures must be 1 to 1000000, was 0"),
                wrong(
                        () -> new Strategy.Consecutive(1_000_001),
                        "consecutive-failures must be 1 to 1000000, was 1000001"),
                wrong(
                        () -> new Strategy.TimeWindow(SECOND.minus(NANO), 1, 1, 0.5),
                        "window must be 1s to 1h, was PT0.999999999S"),
                wrong(
                        () -> new Strategy.TimeWindow(HOUR.plus(NANO), 1, 1, 0.5),
                        "window must be 1s to 1h, was PT1H0.000000001S"),
                wrong(() -> new Strategy.TimeWindow(SECOND, 0, 1, 0.5), "slots must be 1 to 600, was 0"),
                wrong(() -> new Strategy.TimeWindow(SECOND, 601, 1, 0.5), "slots must be 1 to 600, was 601"),
                wrong(() -> new Strategy.TimeWindow(SECOND, 1, 0, 0.5), "minimum-calls must be 1 to 1000000, was 0"),
                wrong(
                        () -> new Strategy.TimeWindow(SECOND, 1, 1_000_001, 0.5),
                        "minimum-calls must be 1 to 1000000, was 1000001"),
                wrong(
                        () -> new Strategy.TimeWindow(SECOND, 1, 1, 0),
                        "failure-rate must be above 0% and below 100%, was 0.0"),
                wrong(
                        () -> new Strategy.TimeWindow(SECOND, 1, 1, 1),
                        "failure-rate must be above 0% and below 100%, was 1.0"),
                wrong(
                        () -> new Strategy.TimeWindow(SECOND, 1, 1, Double.NaN),
                        "failure-rate must be above 0% and below 100%, was NaN"),
                wrong(() -> new Strategy.CountWindow(0, 1, 0.5), "window must be 1 to 10000 calls, was 0"),
                wrong(() -> new Strategy.CountWindow(10_001, 1, 0.5), "window must be 1 to 10000 calls, was 10001"),
                wrong(
                        () -> new Strategy.CountWindow(10, 0, 0.5),
                        "minimum-calls must be 1 to the window's calls, was 0"),
                wrong(
                        () -> new Strategy.CountWindow(10, 11, 0.5),
                        "minimum-calls must be 1 to the window's calls, was 11"),
                wrong(
                        () -> new Strategy.CountWindow(10, 1, 0),
                        "failure-rate must be above 0% and below 100%, was 0.0"),
                wrong(
                        () -> new Strategy.CountWindow(10, 1, 1),
                        "failure-rate must be above 0% and below 100%, was 1.0"),
                wrong(() -> new Strategy.SlowCalls(Duration.ZERO, 0.5), "slow-call must be 1ms to 1h, was PT0S"),
                wrong(() -> new Strategy.SlowCalls(DAY, 0.5), "slow-call must be 1ms to 1h, was PT24H"),
                wrong(
                        () -> new Strategy.SlowCalls(SECOND, 0),
                        "slow-call-rate must be above 0% and below 100%, was 0.0"),
                wrong(
                        () -> new Strategy.SlowCalls(SECOND, 1),
                        "slow-call-rate must be above 0% and below 100%, was 1.0"),
                wrong(() -> new Strategy.Ewma(0.049, 1, 0.5), "alpha must be 0.05 to 0.3, was 0.049"),
                wrong(() -> new Strategy.Ewma(0.301, 1, 0.5), "alpha must be 0.05 to 0.3, was 0.301"),
                wrong(() -> new Strategy.Ewma(Double.NaN, 1, 0.5), "alpha must be 0.05 to 0.3, was NaN"),
                wrong(() -> new Strategy.Ewma(0.2, 0, 0.5), "minimum-calls must be 1 to 1000000, was 0"),
                wrong(() -> new Strategy.Ewma(0.2, 1, 1), "failure-rate must be above 0% and below 100%, was 1.0"),
                wrong(() -> two(0, 1, SECOND, SECOND, 1, 1), "failure-rate must be above 0% and below 100%, was 0.0"),
                wrong(() -> two(0.2, 0, SECOND, SECOND, 1, 1), "minimum-calls must be 1 to 1000000, was 0"),
                wrong(
                        () -> two(0.2, 1, SECOND.minus(NANO), SECOND, 1, 1),
                        "period must be 1s to 1h, was PT0.999999999S"),
                wrong(
                        () -> two(0.2, 1, SECOND, SECOND.plus(NANO), 1, 1),
                        "short-period must be 1s to period, was PT1.000000001S"),
                wrong(() -> two(0.2, 1, SECOND, SECOND, 0, 1), "short-period-after must be 1 to 1000 trips, was 0"),
                wrong(
                        () -> two(0.2, 1, SECOND, SECOND, 1001, 1),
                        "short-period-after must be 1 to 1000 trips, was 1001"),
                wrong(() -> two(0.2, 1, SECOND, SECOND, 1, 0), "periods must be 1 to 100, was 0"),
                wrong(() -> two(0.2, 1, SECOND, SECOND, 1, 101), "periods must be 1 to 100, was 101"),
                wrong(() -> p90(Duration.ZERO, SECOND, 0.2), "p90 must be 1ms to 1h, was PT0S"),
                wrong(() -> p90(SECOND, SECOND.minus(NANO), 0.2), "max-p90 must be p90 to 1h, was PT0.999999999S"),
                wrong(() -> p90(SECOND, HOUR.plus(NANO), 0.2), "max-p90 must be p90 to 1h, was PT1H0.000000001S"),
                wrong(() -> p90(SECOND, SECOND, -0.01), "p90-margin must be 0% to 1000%, was -0.01"),
                wrong(() -> p90(SECOND, SECOND, 10.1), "p90-margin must be 0% to 1000%, was 10.1"),
                wrong(() -> slo(Duration.ZERO, 0.1, 1, SECOND, SECOND), "slo must be 1ms to 1h, was PT0S"),
                wrong(() -> slo(DAY, 0.1, 1, SECOND, SECOND), "slo must be 1ms to 1h, was PT24H"),
                wrong(() -> slo(SECOND, 0, 1, SECOND, SECOND), "slo-budget must be above 0% and below 100%, was 0.0"),
                wrong(() -> slo(SECOND, 1, 1, SECOND, SECOND), "slo-budget must be above 0% and below 100%, was 1.0"),
                wrong(() -> slo(SECOND, 0.1, 0, SECOND, SECOND), "minimum-calls must be 1 to 1000000, was 0"),
                wrong(() -> slo(SECOND, 0.1, 1, NANO, SECOND), "short-window must be 1s to 1h, was PT0.000000001S"),
                wrong(
                        () -> slo(SECOND, 0.1, 1, SECOND.plus(NANO), SECOND),
                        "long-window must be short-window to 1d, was PT1S"),
                wrong(
                        () -> slo(SECOND, 0.1, 1, SECOND, DAY.plus(NANO)),
                        "long-window must be short-window to 1d, was PT24H0.000000001S"),
                wrong(() -> climbing(1, 1, SECOND), "slots must be 2 to 600, was 1"),
                wrong(() -> climbing(601, 1, SECOND), "slots must be 2 to 600, was 601"),
                wrong(() -> climbing(2, 0, SECOND), "slo-violations must be 1 to 1000, was 0"),
                wrong(() -> climbing(2, 1001, SECOND), "slo-violations must be 1 to 1000, was 1001"),
                wrong(() -> climbing(2, 1, Duration.ZERO), "slo-climb must be 1ms to 1h, was PT0S"),
                wrong(() -> climbing(2, 1, DAY), "slo-climb must be 1ms to 1h, was PT24H"),
                wrong(() -> new RateConfig(0, RateConfig.SECOND, 1), "rate must be 1/m to 1000000/s, was 0"),
                wrong(
                        () -> new RateConfig(1_000_001, RateConfig.SECOND, 1),
                        "rate must be 1/m to 1000000/s, was 1000001"),
                wrong(() -> new RateConfig(1, HOUR, 1), "rate must be a number per s or m, was PT1H"),
                wrong(() -> new RateConfig(1, RateConfig.SECOND, 0), "burst must be 1 to 1000000, was 0"),
                wrong(() -> new RateConfig(1, RateConfig.SECOND, 1_000_001), "burst must be 1 to 1000000, was 1000001"),
                wrong(() -> new ConcurrencyConfig.Fixed(0), "concurrency must be 1 to 100000, adaptive or off, was 0"),
                wrong(
                        () -> new ConcurrencyConfig.Fixed(100_001),
                        "concurrency must be 1 to 100000, adaptive or off, was 100001"),
                wrong(() -> new ConcurrencyConfig.Adaptive(0, 1), "min must be 1 to max, was 0"),
                wrong(() -> new ConcurrencyConfig.Adaptive(2, 1), "min must be 1 to max, was 2"),
                wrong(() -> new ConcurrencyConfig.Adaptive(1, 0), "max must be 1 to 100000, was 0"),
                wrong(() -> new ConcurrencyConfig.Adaptive(1, 100_001), "max must be 1 to 100000, was 100001"));
    }

    private static Strategy two(
            double failureRate, int minimumCalls, Duration period, Duration shortPeriod, int after, int periods) {
        return new Strategy.TwoDimension(
                failureRate, minimumCalls, period, shortPeriod, after, periods, SECOND, SECOND, 0.2);
    }

    private static Strategy p90(Duration p90, Duration maxP90, double margin) {
        return new Strategy.TwoDimension(0.2, 1, SECOND, SECOND, 1, 1, p90, maxP90, margin);
    }

    private static Strategy slo(Duration slo, double budget, int minimumCalls, Duration window, Duration longWindow) {
        return new Strategy.Slo(slo, budget, minimumCalls, window, longWindow, 2, 1, SECOND);
    }

    private static Strategy climbing(int slots, int violations, Duration climb) {
        return new Strategy.Slo(SECOND, 0.1, 1, SECOND, SECOND, slots, violations, climb);
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("outOfBounds")
    void saysKeyRuleAndValue(Making making, String message) {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(making::make)
                .withMessage(message)
                .satisfies(e -> assertThat(message).startsWith(e.key() + " must be " + e.rule() + ", was "));
    }

    private static Arguments wrong(Making making, String message) {
        return Arguments.of(making, message);
    }

    private static BreakerConfig breaker(
            Duration openFor, Duration maxOpenFor, double jitter, int probes, double rate, Duration probeTimeout) {
        return new BreakerConfig(new Strategy.Consecutive(5), openFor, maxOpenFor, jitter, probes, rate, probeTimeout);
    }

    @Test
    void allowsASecondsWorthAtOnceUnlessToldOtherwise() {
        assertThat(RateConfig.defaultBurst(500, RateConfig.SECOND)).isEqualTo(500);
        assertThat(RateConfig.defaultBurst(90, RateConfig.MINUTE)).isEqualTo(1);
        assertThat(RateConfig.defaultBurst(30, RateConfig.MINUTE)).isEqualTo(1);
        assertThat(RateConfig.defaultBurst(6000, RateConfig.MINUTE)).isEqualTo(100);
    }

    @Test
    void writesARateAsItIsWritten() {
        assertThat(new RateConfig(500, RateConfig.SECOND, 1)).hasToString("500/s");
        assertThat(new RateConfig(30, RateConfig.MINUTE, 1)).hasToString("30/m");
    }
}
