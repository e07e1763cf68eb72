package dev.resilience.engine;

import static dev.resilience.engine.Rules.require;

import java.time.Duration;

/**
 * How calls that failed are made again.
 *
 * @param attempts how often a call is made at most, the first time included; 2 to 10
 * @param budget how many retries there may be for each call, 0.1 % to 100 %
 */
public record RetryConfig(int attempts, Backoff backoff, double budget) {
    /** As much as retries may add to the load of a target that fails every call. */
    public static final double DEFAULT_BUDGET = 0.1;

    public static final Duration DEFAULT_BACKOFF = Duration.ofMillis(10);
    public static final Duration DEFAULT_MAX_BACKOFF = Duration.ofSeconds(1);

    public RetryConfig {
        require(attempts >= 2 && attempts <= 10, "attempts", "2 to 10", attempts);
        require(budget >= 0.001 && budget <= 1, "budget", "0.1% to 100%", budget);
    }
}
