package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All policies in force at a time. Finding the policy of a call allocates nothing.
 *
 * @param policies in the order they are tried
 * @param defaults the policy of calls that none of them matches
 * @param mode the mode of policies that have none of their own
 * @param drain how long calls in flight may go on after SIGTERM, 0 s to 1 h
 * @param bounds how many targets have a guard of their own
 */
public record PolicySet(List<Policy> policies, Policy defaults, Mode mode, Duration drain, TargetBounds bounds) {
    public static final Duration DEFAULT_DRAIN = Duration.ofSeconds(20);
    private static final Duration LONGEST_DRAIN = Duration.ofHours(1);

    /** What is in force where nothing is configured: every call observed. */
    public static final PolicySet DEFAULTS = new PolicySet(
            List.of(),
            new Policy(
                    Policy.DEFAULT_NAME,
                    Policy.DEFAULT_MODE,
                    Match.ALL,
                    Policy.DEFAULT_KEY,
                    Policy.DEFAULT_BREAKER,
                    FailureRules.DEFAULTS,
                    Deadline.Rule.BY_PROTOCOL,
                    StreamTimers.NONE,
                    StallAfter.Rule.ADAPTIVE,
                    LimitConfig.NONE,
                    List.of(),
                    null),
            Policy.DEFAULT_MODE,
            DEFAULT_DRAIN);

    public PolicySet {
        policies = List.copyOf(policies);
        requireDrain(drain);
    }

    /** With the bounds on targets that are in force where nothing is configured. */
    public PolicySet(List<Policy> policies, Policy defaults, Mode mode, Duration drain) {
        this(policies, defaults, mode, drain, TargetBounds.DEFAULTS);
    }

    static void requireDrain(Duration drain) {
        require(!drain.isNegative() && drain.compareTo(LONGEST_DRAIN) <= 0, "drain", "0s to 1h");
    }

    /**
     * The first policy that matches.
     *
     * @param port the port, or 0 or less for the scheme's own
     * @param path without the query
     */
    public Policy http(String method, String scheme, String host, int port, String path) {
        int actual = port > 0 ? port : scheme.equalsIgnoreCase("https") ? 443 : 80;
        for (int i = 0; i < policies.size(); i++) {
            if (policies.get(i).match().http(method, host, actual, path)) {
                return policies.get(i);
            }
        }
        return defaults;
    }

    /** The first policy that matches; {@code method} is the part after the slash. */
    public Policy grpc(String authority, String service, String method) {
        for (int i = 0; i < policies.size(); i++) {
            if (policies.get(i).match().grpc(authority, service, method)) {
                return policies.get(i);
            }
        }
        return defaults;
    }

    /** The first policy that matches; {@code url} is without its parameters. */
    public Policy jdbc(String url, @Nullable String pool) {
        for (int i = 0; i < policies.size(); i++) {
            if (policies.get(i).match().jdbc(url, pool)) {
                return policies.get(i);
            }
        }
        return defaults;
    }
}
