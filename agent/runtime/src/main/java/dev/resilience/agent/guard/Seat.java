package dev.resilience.agent.guard;

import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.target.Target;
import org.jspecify.annotations.Nullable;

/**
 * The place of a guard among those of one policy set, and what is called there.
 *
 * @param host the target without a route
 * @param route null unless the policy has a guard for each route
 * @param kind whether that target has the guard for itself
 * @param name what the guard is known by: the target's own name, or that of all who share it
 */
record Seat(
        GuardRegistry registry,
        Rules rules,
        Policy policy,
        Target host,
        @Nullable String route,
        Kind kind,
        Name name) {
    /** Who shares a guard. */
    enum Kind {
        /** Nobody: it is of one target. */
        OWN,
        /** The routes of one host beyond so many. */
        MORE_ROUTES,
        /** The targets of one host that came when all places were taken. */
        OF_HOST,
        /** What came when those were taken as well. */
        OVERFLOW
    }

    boolean isShared() {
        return kind != Kind.OWN;
    }

    /** Whether it takes one of the places that {@code max-targets} counts. */
    boolean isCounted() {
        return kind == Kind.OWN || kind == Kind.MORE_ROUTES;
    }

    /** The guard that calls there have now that the one of this seat is gone. */
    TargetGuard taken() {
        return isShared() ? registry.shared(rules, this) : registry.guard(rules, policy, host, route);
    }
}
