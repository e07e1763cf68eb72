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
        /** With one, a single call that hangs would be all there is; the second sees whether the target answers. */
        public static final int DEFAULT_MIN = 2;

        /** The worker threads of a usual server, so that it is no limit of its own where nothing is wrong. */
        public static final int DEFAULT_MAX = 200;

        public Adaptive {
            require(max >= 1 && max <= MOST, "max", "1 to 100000", max);
            require(min >= 1 && min <= max, "min", "1 to max", min);
        }
    }
}
