package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Subject;
import dev.resilience.instrumentation.api.Reason;
import org.jspecify.annotations.Nullable;

/** What the exceptions say. */
final class Messages {

    static String refused(Reason reason, Subject subject, @Nullable String counts, long retryAfterNanos, long id) {
        StringBuilder message = begin("call refused", reason);
        about(message, subject);
        if (counts != null) {
            message.append(", ").append(counts);
        }
        if (retryAfterNanos > 0) {
            message.append(", retry in ").append(duration(retryAfterNanos));
        }
        return end(message, id);
    }

    static String expired(Subject subject, long deadlineNanos, long id) {
        StringBuilder message = begin("call cut", Reason.DEADLINE_EXHAUSTED);
        message.append(": no answer within ").append(duration(deadlineNanos));
        about(message, subject);
        return end(message, id);
    }

    static String drained(Subject subject, long id) {
        StringBuilder message = begin("call cut", Reason.DRAINING);
        message.append(": not done when the drain was over");
        about(message, subject);
        return end(message, id);
    }

    private static StringBuilder begin(String what, Reason reason) {
        return new StringBuilder(200)
                .append("resilience: ")
                .append(what)
                .append(": ")
                .append(reason.text())
                .append(" (")
                .append(reason.code())
                .append(')');
    }

    private static void about(StringBuilder message, Subject subject) {
        message.append(", policy ").append(subject.policy()).append(", target ").append(subject.target());
    }

    private static String end(StringBuilder message, long id) {
        return message.append(", decision ").append(DecisionIds.text(id)).toString();
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
