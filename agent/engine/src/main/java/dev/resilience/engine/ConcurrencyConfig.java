package dev.resilience.engine;

import static dev.resilience.engine.Rules.require;

/** How many calls may be in flight. */
public sealed interface ConcurrencyConfig {
    int MOST = 100_000;

    /** Always so many, 1 to 100,000. */
    record Fixed(int calls) implements ConcurrencyConfig {
        public Fixed {
            require(calls >= 1 && calls <= MOST, "concurrency", "1 to 100000, adaptive or off", calls);
        }
    }

    /**
     * As many as the target can serve without a queue, as found out while it serves.
     *
     * @param min what it never goes below, 1 to {@code max}
     * @param max what it never goes above, {@code min} to 100,000
     */
    record Adaptive(int min, int max) implements ConcurrencyConfig {
        public static final int DEFAULT_MIN = Strategy.Adaptive.DEFAULT_MIN_LIMIT;
        public static final int DEFAULT_MAX = Strategy.Adaptive.DEFAULT_MAX_LIMIT;

        public Adaptive {
            require(max >= 1 && max <= MOST, "max", "1 to 100000", max);
            require(min >= 1 && min <= max, "min", "1 to max", min);
        }
    }
}
