package dev.resilience.agent.signal;

import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Stall;
import dev.resilience.instrumentation.api.Reason;
import java.util.Set;
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
     * @param origin what it followed from, or null where there is nothing before it
     * @param elapsedNanos since a call began that is cut; for a refusal, how long it waited for its turn; 0 for none
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
            @Nullable Stall stall,
            @Nullable Origin origin,
            long elapsedNanos)
            implements Signal {

        /** Where it follows from nothing before it. */
        public Decision(
                Subject subject,
                Verdict verdict,
                @Nullable Reason reason,
                BreakerState state,
                @Nullable String id,
                @Nullable String counts,
                @Nullable String original,
                @Nullable String layer,
                @Nullable Stall stall) {
            this(subject, verdict, reason, state, id, counts, original, layer, stall, null, 0);
        }

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

        /** Whether it says nothing but that a call goes its way. */
        public boolean isPlain() {
            return verdict == Verdict.ADMITTED && reason == null && origin == null && state == BreakerState.CLOSED;
        }
    }

    /**
     * What a decision followed from.
     *
     * @param what {@code circuit_opened}, {@code circuit_half_opened}, {@code drain_began}, {@code policy_deadline},
     *     {@code adaptive_deadline}, {@code inherited_deadline}, {@code policy_stall_after}, {@code adaptive_stall_after} or
     *     {@code stream_budget}
     * @param id the decision id of that, if it was one
     * @param time when it was, as RFC 3339 has it; null where it is no moment
     * @param why what decided it: counts, or what a deadline is measured by
     */
    record Origin(
            String what,
            @Nullable String id,
            @Nullable String time,
            @Nullable String why) {}

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

    /**
     * A breaker changed its state.
     *
     * @param counts what decided
     * @param id the decision id of this transition; refusals that follow from it name it
     * @param followedFrom that of the transition before it, or null if there was none
     */
    record Transition(
            Subject subject,
            BreakerState from,
            BreakerState to,
            String counts,
            @Nullable String id,
            @Nullable String followedFrom)
            implements Signal {

        /** Without a name. */
        public Transition(Subject subject, BreakerState from, BreakerState to, String counts) {
            this(subject, from, to, counts, null, null);
        }
    }

    /**
     * A call that failed is made again, or is not although its policy makes calls again.
     *
     * @param attempts how many were made, this one included
     * @param by {@code agent}, or {@code application} for one that was seen to come again by itself
     * @param reason {@code again}, or why not: {@code not_idempotent}, {@code budget_spent}, ...
     * @param ending how it ended, in the words of its protocol, for example {@code 503} or {@code connect}
     * @param waitNanos until it is made again
     * @param budget what is left of it, in retries; negative for what is owed
     */
    record Retry(Subject subject, int attempts, String by, String reason, String ending, long waitNanos, double budget)
            implements Signal {
        public static final String AGENT = "agent";
        public static final String APPLICATION = "application";
    }

    /**
     * Work goes on although its call was cut.
     *
     * @param id the decision id of the cut
     * @param elapsedNanos since the call began
     * @param site where in the application, or in its libraries
     * @param thread the name of the thread that works; null if it is not known
     * @param state what that thread does, as {@link Thread.State} calls it
     * @param waitsFor what that thread waits for, and who has it, as far as that is known
     * @param stack of that thread, a frame a line
     */
    record Leak(
            Subject subject,
            String id,
            long elapsedNanos,
            String site,
            @Nullable String thread,
            @Nullable String state,
            @Nullable String waitsFor,
            String stack)
            implements Signal {}

    /**
     * A fallback was tried.
     *
     * @param type {@code snapshot}, {@code alternate} or {@code static}
     * @param latencyNanos from the trigger to the answer
     * @param failure why it could not be served, or null when it was
     * @param original the class name of the exception it stood in for, or null for an answer of the target
     * @param ageMillis how old the answer was that was given; negative where it was made for the call
     */
    record FallbackExecuted(
            Subject subject,
            String type,
            long latencyNanos,
            @Nullable String failure,
            @Nullable String original,
            long ageMillis)
            implements Signal {
        /** The {@code failure} of a link that is not for such calls. */
        public static final String CONDITION_NOT_MET = "condition_not_met";

        /** That of one of which it cannot be told whether it is. */
        public static final String CONDITION_UNSURE = "condition_unsure";

        /** That of an alternate, where the caller waits no longer. */
        public static final String NO_TIME_LEFT = "no_time_left";

        private static final Set<String> PASSED_OVER = Set.of(CONDITION_NOT_MET, CONDITION_UNSURE, NO_TIME_LEFT);

        /** Whether it was passed over, and so not tried. */
        public boolean isPassedOver() {
            return failure != null && PASSED_OVER.contains(failure);
        }

        /** One that gave nothing, or what was made for the call. */
        public FallbackExecuted(
                Subject subject, String type, long latencyNanos, @Nullable String failure, @Nullable String original) {
            this(subject, type, latencyNanos, failure, original, -1);
        }
    }
}
