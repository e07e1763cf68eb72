package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.RateConfig;
import dev.resilience.engine.Strategy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How many calls a target gets.
 *
 * @param concurrency how many at once; null for any number
 * @param queue how many calls may wait for their turn, 0 to 10,000
 * @param maxWait how long each of them at most, 1 ms to 1 m
 * @param rate how many in a time; null for any number
 */
public record LimitConfig(
        @Nullable ConcurrencyConfig concurrency,
        int queue,
        Duration maxWait,
        @Nullable RateConfig rate) {

    /** Nobody waits unless told to: what waits holds its thread, and what that holds. */
    public static final int DEFAULT_QUEUE = 0;

    /** Longer, and whoever waits for the caller has often given up; a policy that knows better says so. */
    public static final Duration DEFAULT_MAX_WAIT = Duration.ofSeconds(1);

    private static final int LONGEST_QUEUE = 10_000;
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(1);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    public static final LimitConfig NONE = new LimitConfig(null, DEFAULT_QUEUE, DEFAULT_MAX_WAIT, null);

    public LimitConfig {
        requireQueue(queue);
        requireMaxWait(maxWait);
    }

    /** The breaker with what it limits itself: an adaptive one does, with these bounds, unless calls are to wait. */
    @Nullable
    BreakerConfig withLimits(@Nullable BreakerConfig breaker) {
        if (breaker == null || !(breaker.strategy() instanceof Strategy.Adaptive)) {
            return breaker;
        }
        return BreakerConfig.of(
                        queue == 0 && concurrency instanceof ConcurrencyConfig.Adaptive bounds
                                ? new Strategy.Adaptive(true, true, bounds.min(), bounds.max())
                                : new Strategy.Adaptive(true, false, 1, Strategy.Adaptive.DEFAULT_MAX_LIMIT))
                .below(breaker.layers());
    }

    /** What is left to limit beside such a breaker. */
    LimitConfig besides(@Nullable BreakerConfig breaker) {
        boolean isItsOwn = queue == 0
                && concurrency instanceof ConcurrencyConfig.Adaptive
                && breaker != null
                && breaker.strategy() instanceof Strategy.Adaptive;
        return isItsOwn ? new LimitConfig(null, queue, maxWait, rate) : this;
    }

    /** Whether it limits anything. */
    public boolean isNone() {
        return concurrency == null && rate == null;
    }

    static void requireQueue(int queue) {
        require(queue >= 0 && queue <= LONGEST_QUEUE, "limit.queue", "0 to 10000");
    }

    static void requireMaxWait(Duration maxWait) {
        require(
                maxWait.compareTo(SHORTEST_WAIT) >= 0 && maxWait.compareTo(LONGEST_WAIT) <= 0,
                "limit.max-wait",
                "1ms to 1m");
    }
}
