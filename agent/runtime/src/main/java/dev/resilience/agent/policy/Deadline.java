package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How long one call may take. */
public sealed interface Deadline {

    /** Without a number. */
    enum Rule implements Deadline {
        /** As long as it likes. */
        NONE,
        /** As long as calls of its key have shown to need, see {@link dev.resilience.engine.AdaptiveDeadline}. */
        ADAPTIVE,
        /** Adaptive for HTTP and unary calls of gRPC; none for JDBC, as a report may run for an hour. */
        BY_PROTOCOL
    }

    /**
     * The same for all.
     *
     * @param budget 1 ms to 1 d
     */
    record Fixed(Duration budget) implements Deadline {
        static final String RANGE = "1ms to 1d, adaptive, or none";

        private static final Duration SHORTEST = Duration.ofMillis(1);
        private static final Duration LONGEST = Duration.ofDays(1);

        public Fixed {
            require(budget.compareTo(SHORTEST) >= 0 && budget.compareTo(LONGEST) <= 0, "deadline", RANGE);
        }
    }

    /** The same for all; null for none. */
    static Deadline of(@Nullable Duration budget) {
        return budget == null ? Rule.NONE : new Fixed(budget);
    }

    /** What it is for calls of this protocol: never {@link Rule#BY_PROTOCOL}. */
    default Deadline of(Protocol protocol) {
        if (this != Rule.BY_PROTOCOL) {
            return this;
        }
        return protocol == Protocol.JDBC ? Rule.NONE : Rule.ADAPTIVE;
    }
}
