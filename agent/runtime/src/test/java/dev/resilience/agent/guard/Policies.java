package dev.resilience.agent.guard;

import dev.resilience.agent.policy.Deadline;
import dev.resilience.agent.policy.FailureRules;
import dev.resilience.agent.policy.Key;
import dev.resilience.agent.policy.LimitConfig;
import dev.resilience.agent.policy.Link;
import dev.resilience.agent.policy.Match;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.policy.Protocol;
import dev.resilience.agent.policy.TargetBounds;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.RateConfig;
import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Policies as tests want them. */
final class Policies {
    static final Duration OPEN_FOR = Duration.ofSeconds(5);
    static final StaticAnswer ANSWER =
            new StaticAnswer(200, "text/plain", Map.of(), "none".getBytes(StandardCharsets.UTF_8), null);

    /** Trips after three failures in a row. */
    static final BreakerConfig BREAKER = breaker(3);

    static final BreakerConfig TIME_WINDOW = breaker(new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.5));

    static BreakerConfig breaker(int failures) {
        return breaker(new Strategy.Consecutive(failures));
    }

    static BreakerConfig breaker(Strategy strategy) {
        return new BreakerConfig(strategy, OPEN_FOR, OPEN_FOR, 0, 2, 1, Duration.ofSeconds(2));
    }

    static Policy policy(Mode mode) {
        return policy(mode, BREAKER, null, null);
    }

    static Policy policy(
            Mode mode, @Nullable BreakerConfig breaker, @Nullable Duration deadline, @Nullable StaticAnswer fallback) {
        return new Policy(
                "payments",
                mode,
                Match.ALL,
                Key.HOST,
                breaker,
                FailureRules.DEFAULTS,
                deadline,
                fallback,
                fallback == null ? Set.of() : Set.of(Protocol.HTTP));
    }

    /** With the deadline that a policy has which says nothing of one. */
    static Policy adaptive(Mode mode) {
        return adaptive(mode, null);
    }

    static Policy adaptive(Mode mode, @Nullable BreakerConfig breaker) {
        return new Policy(
                "payments",
                mode,
                Match.ALL,
                Key.HOST,
                breaker,
                FailureRules.DEFAULTS,
                Deadline.Rule.BY_PROTOCOL,
                LimitConfig.NONE,
                List.of());
    }

    static Policy limited(
            Mode mode,
            @Nullable BreakerConfig breaker,
            LimitConfig limit,
            @Nullable Duration deadline,
            @Nullable StaticAnswer fallback) {
        return new Policy(
                "payments",
                mode,
                Match.ALL,
                Key.HOST,
                breaker,
                FailureRules.DEFAULTS,
                Deadline.of(deadline),
                limit,
                fallback == null ? List.of() : List.of(new Link.Static(fallback, Set.of(Protocol.HTTP))));
    }

    /** So many at once. */
    static LimitConfig atOnce(int calls, int queue, Duration maxWait) {
        return new LimitConfig(new ConcurrencyConfig.Fixed(calls), queue, maxWait, null);
    }

    /** So many a second, and as a burst. */
    static LimitConfig perSecond(int calls) {
        return new LimitConfig(
                null,
                LimitConfig.DEFAULT_QUEUE,
                LimitConfig.DEFAULT_MAX_WAIT,
                new RateConfig(calls, RateConfig.SECOND, calls));
    }

    static Policy byRoute(Mode mode) {
        return new Policy("payments", mode, Match.ALL, Key.ROUTE, BREAKER, FailureRules.DEFAULTS, null, null, Set.of());
    }

    static PolicySet set(Policy policy) {
        return new PolicySet(List.of(), policy, policy.mode(), Duration.ofSeconds(1));
    }

    static PolicySet set(Policy policy, int maxTargets, int maxRoutes) {
        TargetBounds bounds = new TargetBounds(maxTargets, maxRoutes, TargetBounds.DEFAULT_IDLE_FOR);
        return new PolicySet(List.of(), policy, policy.mode(), Duration.ofSeconds(1), bounds);
    }

    private Policies() {}
}
