package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Subject;
import dev.resilience.instrumentation.api.Reason;
import org.jspecify.annotations.Nullable;

/** What the exceptions say: the decision, by what it is known, and then what it followed from. */
final class Messages {

    static String refused(
            Reason reason,
            Subject subject,
            @Nullable String counts,
            long retryAfterNanos,
            long id,
            @Nullable Cause cause) {
        StringBuilder message = begin("call refused", reason);
        about(message, subject);
        if (counts != null) {
            message.append(", ").append(counts);
        }
        if (retryAfterNanos > 0) {
            message.append(", retry in ").append(duration(retryAfterNanos));
        }
        decision(message, id);
        if (cause != null) {
            cause.describe(message);
        }
        return message.toString();
    }

    static String expired(
            Subject subject,
            long deadlineNanos,
            long id,
            long elapsedNanos,
            @Nullable String trace,
            Signal.Origin deadline) {
        StringBuilder message = begin("call cut", Reason.DEADLINE_EXHAUSTED);
        message.append(": no answer within ").append(duration(deadlineNanos));
        about(message, subject);
        decision(message, id);
        elapsed(message, elapsedNanos);
        trace(message, trace);
        from(message, deadline);
        return message.toString();
    }

    /** {@code overdue} says for what. */
    static String expired(Subject subject, String overdue, long id, long elapsedNanos, @Nullable String trace) {
        return overdue(Reason.DEADLINE_EXHAUSTED, subject, overdue, id, elapsedNanos, trace)
                .toString();
    }

    /** An answer stopped half-way. */
    static String stalled(
            Subject subject,
            long silenceNanos,
            long id,
            long elapsedNanos,
            @Nullable String trace,
            Signal.Origin stallAfter) {
        String silence = "nothing more of its answer for " + duration(silenceNanos);
        StringBuilder message = overdue(Reason.READ_STALL, subject, silence, id, elapsedNanos, trace);
        from(message, stallAfter);
        return message.toString();
    }

    private static StringBuilder overdue(
            Reason reason, Subject subject, String overdue, long id, long elapsedNanos, @Nullable String trace) {
        StringBuilder message = begin("call cut", reason);
        message.append(": ").append(overdue);
        about(message, subject);
        decision(message, id);
        elapsed(message, elapsedNanos);
        trace(message, trace);
        return message;
    }

    static String drained(Subject subject, long id, long elapsedNanos, @Nullable String trace, @Nullable Cause drain) {
        StringBuilder message = begin("call cut", Reason.DRAINING);
        message.append(": not done when the drain was over");
        about(message, subject);
        decision(message, id);
        elapsed(message, elapsedNanos);
        trace(message, trace);
        if (drain != null) {
            drain.describe(message);
        }
        return message.toString();
    }

    private static StringBuilder begin(String what, Reason reason) {
        return new StringBuilder(300)
                .append("resilience: ")
                .append(what)
                .append(": ")
                .append(reason.text())
                .append(" (")
                .append(reason.code())
                .append(')');
    }

    private static void from(StringBuilder message, Signal.Origin origin) {
        message.append(", followed from the ").append(origin.what().replace('_', ' '));
        if (origin.why() != null) {
            message.append(" (").append(origin.why()).append(')');
        }
    }

    private static void about(StringBuilder message, Subject subject) {
        message.append(", policy ").append(subject.policy()).append(", target ").append(subject.target());
    }

    private static void decision(StringBuilder message, long id) {
        message.append(", decision ").append(DecisionIds.text(id));
    }

    private static void elapsed(StringBuilder message, long nanos) {
        message.append(", after ").append(duration(nanos));
    }

    static void trace(StringBuilder message, @Nullable String trace) {
        if (trace != null) {
            message.append(", trace ").append(trace);
        }
    }

    /** In milliseconds below a second, in tenths of a second above; rounded up, never to zero. */
    static String duration(long nanos) {
        long millis = (nanos + 999_999) / 1_000_000;
        if (millis < 1_000) {
            return millis + "ms";
        }
        long tenths = (millis + 99) / 100;
        return tenths % 10 == 0 ? tenths / 10 + "s" : tenths / 10 + "." + tenths % 10 + "s";
    }

    private Messages() {}
}
