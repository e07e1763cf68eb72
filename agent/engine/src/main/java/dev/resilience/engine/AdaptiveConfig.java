package dev.resilience.engine;

import static dev.resilience.engine.Rules.require;

/**
 * What an adaptive breaker does, and between which bounds.
 *
 * @param opens whether it opens at all; if not it only limits
 * @param limits whether it limits the calls in flight
 * @param minLimit what the limit never goes below, 1 to {@code maxLimit}
 * @param maxLimit what the limit never goes above, even when nothing speaks against it, to 1,000,000
 */
public record AdaptiveConfig(boolean opens, boolean limits, int minLimit, int maxLimit) {
    public static final int DEFAULT_MIN_LIMIT = 2;
    public static final int DEFAULT_MAX_LIMIT = 10_000;

    /** Opens, and limits between the defaults. */
    public static final AdaptiveConfig DEFAULT = new AdaptiveConfig(true, true, DEFAULT_MIN_LIMIT, DEFAULT_MAX_LIMIT);

    public AdaptiveConfig {
        require(maxLimit >= 1 && maxLimit <= 1_000_000, "max", "1 to 1000000", maxLimit);
        require(minLimit >= 1 && minLimit <= maxLimit, "min", "1 to max", minLimit);
    }
}
