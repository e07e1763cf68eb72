package dev.resilience.engine;

import java.util.random.RandomGenerator;

/**
 * A breaker that layers above it can overrule. What they decide becomes its own state, so that a call asks nobody else.
 *
 * <p>{@link #open} and {@link #readmit} are for the pulse, which asks again: where a call does its work meanwhile, they do
 * nothing.
 */
sealed interface Instance extends Breaker permits ThreeStateBreaker, AdaptiveBreaker {
    static Instance of(BreakerConfig config, RandomGenerator random, Listener listener, long nowNanos) {
        return config.strategy() instanceof Strategy.Adaptive
                ? new AdaptiveBreaker(config, random, listener, nowNanos)
                : new ThreeStateBreaker(config, random, listener, nowNanos);
    }

    /** Opens it, unless it is. One that is {@code held} begins no probe until nobody has held it for a second. */
    void open(String cause, boolean held, long nowNanos);

    /** Closes it, unless it is, with nothing counted. */
    void readmit(String why, long nowNanos);

    /** Whether it would be open if {@link Listener#mayOpen} had not said no. */
    boolean isBlamed();

    /** How long ago the call of this permit was admitted. */
    long ageNanos(long permit, long nowNanos);
}
