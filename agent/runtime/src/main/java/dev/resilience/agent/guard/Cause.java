package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Subject;
import dev.resilience.engine.BreakerState;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What a refusal followed from, as it was then; written down when somebody reads it. */
sealed interface Cause {
    /** The counts that decided, if they are text already. */
    default @Nullable String counts() {
        return null;
    }

    /** For how long the call waited for its turn before it was refused. */
    default long waitedNanos() {
        return 0;
    }

    default Signal.@Nullable Origin origin() {
        return null;
    }

    /** What the exception says of it, after all else. */
    void describe(StringBuilder message);

    /**
     * A breaker changed its state.
     *
     * @param id the name of that decision
     * @param followed that of the transition before it; 0 if there was none
     */
    record Step(long id, long followed, BreakerState from, BreakerState to, String because, long timeOfDayNanos)
            implements Cause {
        @Override
        public @Nullable String counts() {
            return to == BreakerState.OPEN ? because : null;
        }

        @Override
        public Signal.Origin origin() {
            return new Signal.Origin(
                    to == BreakerState.OPEN ? "circuit_opened" : "circuit_half_opened",
                    DecisionIds.text(id),
                    time(timeOfDayNanos),
                    because);
        }

        @Override
        public void describe(StringBuilder message) {
            message.append(", followed from decision ")
                    .append(DecisionIds.text(id))
                    .append(to == BreakerState.OPEN ? " that opened" : " that half-opened")
                    .append(" the circuit at ")
                    .append(time(timeOfDayNanos));
        }

        Signal.Transition toldOf(Subject subject) {
            return new Signal.Transition(
                    subject,
                    from,
                    to,
                    because,
                    DecisionIds.text(id),
                    followed == 0 ? null : DecisionIds.text(followed));
        }
    }

    /** Counts that are text already, of a transition that nobody noted yet. */
    record Counted(String counts) implements Cause {
        @Override
        public void describe(StringBuilder message) {
            // the counts stand where counts do
        }
    }

    /** The process began to drain. */
    record Drain(long timeOfDayNanos) implements Cause {
        @Override
        public Signal.Origin origin() {
            return new Signal.Origin("drain_began", null, time(timeOfDayNanos), null);
        }

        @Override
        public void describe(StringBuilder message) {
            message.append(", followed from the drain that began at ").append(time(timeOfDayNanos));
        }
    }

    /** With what is known of this call alone. */
    record OfCall(
            @Nullable Cause cause,
            @Override long waitedNanos,
            @Nullable String trace) implements Cause {
        @Override
        public @Nullable String counts() {
            return cause == null ? null : cause.counts();
        }

        @Override
        public Signal.@Nullable Origin origin() {
            return cause == null ? null : cause.origin();
        }

        @Override
        public void describe(StringBuilder message) {
            if (waitedNanos > 0) {
                message.append(", waited ").append(Messages.duration(waitedNanos));
            }
            Messages.trace(message, trace);
            if (cause != null) {
                cause.describe(message);
            }
        }
    }

    private static String time(long timeOfDayNanos) {
        return Instant.ofEpochMilli(TimeUnit.NANOSECONDS.toMillis(timeOfDayNanos))
                .toString();
    }
}
