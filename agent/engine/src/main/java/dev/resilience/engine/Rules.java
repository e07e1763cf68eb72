package dev.resilience.engine;

import java.time.Duration;

/** Bounds of configuration values. */
final class Rules {
    static final Duration MILLISECOND = Duration.ofMillis(1);
    static final Duration SECOND = Duration.ofSeconds(1);
    static final Duration HOUR = Duration.ofHours(1);

    static void require(boolean valid, String key, String rule, Object actual) {
        if (!valid) {
            throw new ConfigException(key, rule, actual);
        }
    }

    static void requireBetween(String key, Duration value, Duration least, Duration most, String rule) {
        require(value.compareTo(least) >= 0 && value.compareTo(most) <= 0, key, rule, value);
    }

    static void requireFailureRate(double share) {
        require(share > 0 && share < 1, "failure-rate", "above 0% and below 100%", share);
    }

    static void requireMinimumCalls(int calls) {
        require(calls >= 1 && calls <= 1_000_000, "minimum-calls", "1 to 1000000", calls);
    }

    private Rules() {}
}
