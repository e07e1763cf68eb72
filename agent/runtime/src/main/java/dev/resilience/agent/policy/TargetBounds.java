package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import java.time.Duration;

/**
 * How many targets have a guard of their own, and for how long.
 *
 * @param targets of the process, 1 to 100,000
 * @param routes of one host, port or channel under one policy with {@code key: route}, 1 to 100,000
 * @param idleFor after how long without a call a target leaves, 1 m to 7 d
 */
public record TargetBounds(int targets, int routes, Duration idleFor) {
    public static final int DEFAULT_TARGETS = 10_000;
    /** One host in a hundred can have all its places taken without a host being turned away. */
    public static final int DEFAULT_ROUTES = 100;
    /** Longer than what calls every minute or every five, which then keeps its guard. */
    public static final Duration DEFAULT_IDLE_FOR = Duration.ofMinutes(10);

    public static final TargetBounds DEFAULTS = new TargetBounds(DEFAULT_TARGETS, DEFAULT_ROUTES, DEFAULT_IDLE_FOR);

    private static final int MOST = 100_000;

    public TargetBounds {
        requireCount("max-targets", targets);
        requireCount("max-routes", routes);
        requireIdleFor(idleFor);
    }

    static int requireCount(String key, int count) {
        require(count >= 1 && count <= MOST, key, "1 to 100000");
        return count;
    }

    static Duration requireIdleFor(Duration idleFor) {
        require(
                idleFor.compareTo(Duration.ofMinutes(1)) >= 0 && idleFor.compareTo(Duration.ofDays(7)) <= 0,
                "target-idle-for",
                "1m to 7d");
        return idleFor;
    }
}
