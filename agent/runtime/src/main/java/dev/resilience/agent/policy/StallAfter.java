package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import java.time.Duration;

/** How long an answer that has begun may be silent while its reader waits for more. */
public sealed interface StallAfter {

    /** Without a number. */
    enum Rule implements StallAfter {
        /** As long as it likes. */
        NONE,
        /** For bodies of HTTP as long as those of its key have shown to need; streams and results may as they like. */
        ADAPTIVE
    }

    /**
     * The same for bodies, streams and the further rows of a result.
     *
     * @param silence 1 ms to 1 d
     */
    record Fixed(Duration silence) implements StallAfter {
        static final String RANGE = "1ms to 1d, adaptive, or none";

        private static final Duration SHORTEST = Duration.ofMillis(1);
        private static final Duration LONGEST = Duration.ofDays(1);

        public Fixed {
            require(silence.compareTo(SHORTEST) >= 0 && silence.compareTo(LONGEST) <= 0, "stall-after", RANGE);
        }
    }

    /** In nanoseconds, if it is the same for all; else 0. */
    default long fixedNanos() {
        return this instanceof Fixed fixed ? fixed.silence().toNanos() : 0;
    }
}
