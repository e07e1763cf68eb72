package dev.resilience.agent.policy;

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
 * @param streams how long streams of gRPC may take
 * @param stallAfter how long an answer may be silent half-way
 * @param limit how many calls it lets through
 * @param chain what to try instead of a refusal or a fault of the target, in this order
 * @param retries which calls are made again; null for none
 */
public record Policy(
        String name,
        Mode mode,
        Match match,
        Key key,
        @Nullable BreakerConfig breaker,
        FailureRules failures,
        Deadline deadline,
        StreamTimers streams,
        StallAfter stallAfter,
        LimitConfig limit,
        List<Link> chain,
        @Nullable Retries retries) {

    public static final String DEFAULT_NAME = "default";
    public static final Key DEFAULT_KEY = Key.HOST;
    public static final Mode DEFAULT_MODE = Mode.OBSERVE;

    /** The breaker where no policy says otherwise. */
    public static final BreakerConfig DEFAULT_BREAKER = BreakerConfig.of(Strategy.Adaptive.DEFAULT);

    public Policy {
        chain = List.copyOf(chain);
    }

    /** What of the chain can be given in this protocol. */
    public List<Link> chain(Protocol protocol) {
        return chain.stream().filter(link -> link.serves(protocol)).toList();
    }

    /** A policy without timers for streams, and for answers that stop half-way, that makes nothing again. */
    public Policy(
            String name,
            Mode mode,
            Match match,
            Key key,
            @Nullable BreakerConfig breaker,
            FailureRules failures,
            Deadline deadline,
            LimitConfig limit,
            List<Link> chain) {
        this(
                name,
                mode,
                match,
                key,
                breaker,
                failures,
                deadline,
                StreamTimers.NONE,
                StallAfter.Rule.NONE,
                limit,
                chain,
                null);
    }

    /** A policy without limits, and with one answer or none; {@code deadline} null for none. */
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
        this(
                name,
                mode,
                match,
                key,
                breaker,
                failures,
                Deadline.of(deadline),
                LimitConfig.NONE,
                fallback == null ? List.of() : List.of(new Link.Static(fallback, answered)));
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

    /** How long a call of this protocol may take: never {@link Deadline.Rule#BY_PROTOCOL}. */
    public Deadline deadline(Protocol protocol) {
        return deadline.of(protocol);
    }

    /** What the end of a call of this protocol means. */
    public FailureRule failures(Protocol protocol) {
        return failures.of(protocol);
    }

    /** The same policy, told only to observe. */
    Policy observing() {
        return new Policy(
                name,
                Mode.OBSERVE,
                match,
                key,
                breaker,
                failures,
                deadline,
                streams,
                stallAfter,
                limit,
                chain,
                retries);
    }
}
