package dev.resilience.agent.signal;

import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Stall;
import dev.resilience.instrumentation.api.Reason;
import org.jspecify.annotations.Nullable;

/** Something that happened to a call or to a breaker. */
public sealed interface Signal {

    Subject subject();

    /**
     * What was decided on one call.
     *
     * @param reason why, or null for a plain admission
     * @param id the decision id that also stands in the exception's message; null for a plain admission
     * @param counts the counts that decided, as text, for example {@code "failures=12/20"}; null for an admission
     * @param original the class name of the exception the decision answers to, or null
     * @param layer which of several layers has the circuit open; null where there is but one, or it is not open
     * @param stall what our own process did of late that was not held against the target, or null
     */
    record Decision(
            Subject subject,
            Verdict verdict,
            @Nullable Reason reason,
            BreakerState state,
            @Nullable String id,
            @Nullable String counts,
            @Nullable String original,
            @Nullable String layer,
            @Nullable Stall stall)
            implements Signal {

        /** Where no layer has to be told from others, and nothing of ours was set aside. */
        public Decision(
                Subject subject,
                Verdict verdict,
                @Nullable Reason reason,
                BreakerState state,
                @Nullable String id,
                @Nullable String counts,
                @Nullable String original) {
            this(subject, verdict, reason, state, id, counts, original, null, null);
        }
    }

    /** The values of {@code resilience.decision}. */
    enum Verdict {
        ADMITTED("admitted"),
        REJECTED("rejected"),
        TIMED_OUT("timed_out"),
        FALLBACK("fallback"),
        WOULD_REJECT("would_reject"),
        WOULD_TIME_OUT("would_time_out");

        private final String text;

        Verdict(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** A breaker changed its state; {@code counts} says what decided. */
    record Transition(Subject subject, BreakerState from, BreakerState to, String counts) implements Signal {}

    /**
     * A fallback was tried.
     *
     * @param type {@code static}
     * @param latencyNanos from the trigger to the answer
     * @param failure why it could not be served, or null when it was
     * @param original the class name of the exception it stood in for, or null for an answer of the target
     */
    record FallbackExecuted(
            Subject subject,
            String type,
            long latencyNanos,
            @Nullable String failure,
            @Nullable String original) implements Signal {}
}
