package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is done with the calls that match.
 *
 * @param name unique, and {@value #DEFAULT_NAME} for the policy of calls that no other matches
 * @param key what one breaker covers
 * @param breaker null when it is off
 * @param failures what the end of a call means, for the breaker and for the fallback
 * @param deadline the budget of one call, 1 ms to 1 d; null for none
 * @param limit how many calls it lets through
 * @param fallback what to answer instead of a refusal or a fault of the target; null for nothing
 * @param answered the protocols in which {@code fallback} can be given
 */
public record Policy(
        String name,
        Mode mode,
        Match match,
        Key key,
        @Nullable BreakerConfig breaker,
        FailureRules failures,
        @Nullable Duration deadline,
        LimitConfig limit,
        @Nullable StaticAnswer fallback,
        Set<Protocol> answered) {

    public static final String DEFAULT_NAME = "default";
    public static final Key DEFAULT_KEY = Key.HOST;
    public static final Mode DEFAULT_MODE = Mode.OBSERVE;

    /** The breaker where no policy says otherwise. */
    public static final BreakerConfig DEFAULT_BREAKER = BreakerConfig.of(Strategy.Adaptive.DEFAULT);

    private static final Duration SHORTEST_DEADLINE = Duration.ofMillis(1);
    private static final Duration LONGEST_DEADLINE = Duration.ofDays(1);

    public Policy {
        if (deadline != null) {
            requireDeadline(deadline);
        }
        answered = Set.copyOf(answered);
        require(
                fallback != null ? !answered.contains(Protocol.JDBC) : answered.isEmpty(),
                "fallback",
                "for HTTP and gRPC alone");
    }

    /** What to answer in this protocol, or null for nothing. */
    public @Nullable StaticAnswer fallback(Protocol protocol) {
        return answered.contains(protocol) ? fallback : null;
    }

    static void requireDeadline(Duration deadline) {
        require(
                deadline.compareTo(SHORTEST_DEADLINE) >= 0 && deadline.compareTo(LONGEST_DEADLINE) <= 0,
                "deadline",
                "1ms to 1d, or none");
    }

    /** A policy without limits. */
    public Policy(
            String name,
            Mode mode,
            Match match,
            Key key,
            @Nullable BreakerConfig breaker,
            FailureRules failures,
            @Nullable Duration deadline,
            @Nullable StaticAnswer fallback,
            Set<Protocol> answered) {
        this(name, mode, match, key, breaker, failures, deadline, LimitConfig.NONE, fallback, answered);
    }

    /** The same, with a fallback that is given in each protocol it guards that can have one. */
    public Policy(
            String name,
            Mode mode,
            Match match,
            Key key,
            @Nullable BreakerConfig breaker,
            FailureRules failures,
            @Nullable Duration deadline,
            @Nullable StaticAnswer fallback) {
        this(name, mode, match, key, breaker, failures, deadline, fallback, answerable(match, fallback));
    }

    private static Set<Protocol> answerable(Match match, @Nullable StaticAnswer fallback) {
        Set<Protocol> answerable = EnumSet.noneOf(Protocol.class);
        for (Protocol protocol : List.of(Protocol.HTTP, Protocol.GRPC)) {
            if (fallback != null && match.serves(protocol)) {
                answerable.add(protocol);
            }
        }
        return answerable;
    }

    /** What the end of a call of this protocol means. */
    public FailureRule failures(Protocol protocol) {
        return failures.of(protocol);
    }

    /** The same policy, told only to observe. */
    Policy observing() {
        return new Policy(name, Mode.OBSERVE, match, key, breaker, failures, deadline, limit, fallback, answered);
    }
}
