package dev.resilience.engine;

import static dev.resilience.engine.Rules.require;
import static dev.resilience.engine.Rules.requireBetween;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When a breaker trips and how it recovers.
 *
 * @param openFor how long it refuses every call before it probes, 10 ms to 1 h
 * @param maxOpenFor what {@code openFor} may double to after failed probes, {@code openFor} to 1 d
 * @param jitter how far each wait is spread to both sides, 0 to below 1
 * @param probes calls let through when half-open, 1 to 1000
 * @param probeSuccessRate the share of them that must succeed for it to close, above 0 and at most 1
 * @param probeTimeout after how long a probe that did not come back counts as failed, 10 ms to 1 h
 * @param layers what decides beside it; null for nothing
 */
public record BreakerConfig(
        Strategy strategy,
        Duration openFor,
        Duration maxOpenFor,
        double jitter,
        int probes,
        double probeSuccessRate,
        Duration probeTimeout,
        @Nullable Layers layers) {

    public static final Duration DEFAULT_OPEN_FOR = Duration.ofSeconds(30);
    public static final Duration DEFAULT_MAX_OPEN_FOR = Duration.ofSeconds(60);
    public static final double DEFAULT_JITTER = 0.25;
    public static final int DEFAULT_PROBES = 10;
    public static final double DEFAULT_PROBE_SUCCESS_RATE = 0.9;
    public static final Duration DEFAULT_PROBE_TIMEOUT = Duration.ofSeconds(2);

    /** That strategy, and the default for everything else; the adaptive one uses nothing else. */
    public static BreakerConfig of(Strategy strategy) {
        return new BreakerConfig(
                strategy,
                DEFAULT_OPEN_FOR,
                DEFAULT_MAX_OPEN_FOR,
                DEFAULT_JITTER,
                DEFAULT_PROBES,
                DEFAULT_PROBE_SUCCESS_RATE,
                DEFAULT_PROBE_TIMEOUT);
    }

    /** Without layers. */
    public BreakerConfig(
            Strategy strategy,
            Duration openFor,
            Duration maxOpenFor,
            double jitter,
            int probes,
            double probeSuccessRate,
            Duration probeTimeout) {
        this(strategy, openFor, maxOpenFor, jitter, probes, probeSuccessRate, probeTimeout, null);
    }

    /** The same below these layers. */
    public BreakerConfig below(@Nullable Layers above) {
        return new BreakerConfig(strategy, openFor, maxOpenFor, jitter, probes, probeSuccessRate, probeTimeout, above);
    }

    public BreakerConfig {
        requireBetween("open-for", openFor, Duration.ofMillis(10), Duration.ofHours(1), "10ms to 1h");
        requireBetween("max-open-for", maxOpenFor, openFor, Duration.ofDays(1), "open-for to 1d");
        require(jitter >= 0 && jitter < 1, "jitter", "0% to below 100%", jitter);
        require(probes >= 1 && probes <= 1000, "probes", "1 to 1000", probes);
        require(
                probeSuccessRate > 0 && probeSuccessRate <= 1,
                "probe-success-rate",
                "above 0% and at most 100%",
                probeSuccessRate);
        requireBetween("probe-timeout", probeTimeout, Duration.ofMillis(10), Duration.ofHours(1), "10ms to 1h");
    }
}
