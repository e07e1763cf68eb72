package dev.resilience.engine;

import static dev.resilience.engine.Rules.require;

import org.jspecify.annotations.Nullable;

/**
 * What decides beside the breaker of an instance.
 *
 * @param service whether all instances of a service are judged together
 * @param maxEjection the share of a service's instances that may be open while others are not, 0 to 1; one of several
 *     always may, unless it is 0
 * @param slo a latency objective for each instance, and how long it stays open; null for none
 */
public record Layers(
        boolean service, double maxEjection, @Nullable BreakerConfig slo) {
    /** Half: the refusals of a breaker never outnumber what is left to call. */
    public static final double DEFAULT_MAX_EJECTION = 0.5;

    public Layers {
        require(maxEjection >= 0 && maxEjection <= 1, "max-ejection", "0% to 100%", maxEjection);
    }

    /** Of so many instances. */
    int ejectable(int instances) {
        return maxEjection == 0 ? 0 : Math.max(1, (int) Share.of(maxEjection).mostOf(instances));
    }
}
