package dev.resilience.engine;

import static dev.resilience.engine.Rules.require;

import java.time.Duration;

/**
 * How many calls may begin in a time.
 *
 * @param calls how many in each {@code per}, 1 to 1,000,000
 * @param per a second or a minute
 * @param burst how many may begin at once after a pause, 1 to 1,000,000
 */
public record RateConfig(int calls, Duration per, int burst) {
    public static final Duration SECOND = Duration.ofSeconds(1);
    public static final Duration MINUTE = Duration.ofMinutes(1);

    public RateConfig {
        require(calls >= 1 && calls <= 1_000_000, "rate", "1/m to 1000000/s", calls);
        require(per.equals(SECOND) || per.equals(MINUTE), "rate", "a number per s or m", per);
        require(burst >= 1 && burst <= 1_000_000, "burst", "1 to 1000000", burst);
    }

    /** What comes in one second, at least one: an application that works in steps of a second keeps its rate. */
    public static int defaultBurst(int calls, Duration per) {
        return (int) Math.max(1, calls / per.toSeconds());
    }

    @Override
    public String toString() {
        return calls + (per.equals(SECOND) ? "/s" : "/m");
    }
}
