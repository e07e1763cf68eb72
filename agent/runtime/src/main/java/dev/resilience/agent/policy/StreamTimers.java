package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import dev.resilience.instrumentation.api.StreamBudgets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long a stream of gRPC may take, 1 ms to 1 d each; null for as long as it likes.
 *
 * @param firstMessage until the first message
 * @param idle between two messages
 * @param total until its end
 */
public record StreamTimers(
        @Nullable Duration firstMessage,
        @Nullable Duration idle,
        @Nullable Duration total) {
    static final String RANGE = "1ms to 1d, or none";
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(1);

    public static final StreamTimers NONE = new StreamTimers(null, null, null);

    public StreamTimers {
        requireBudget(firstMessage, "stream.first-message");
        requireBudget(idle, "stream.idle");
        requireBudget(total, "stream.total");
    }

    static void requireBudget(@Nullable Duration budget, String key) {
        require(budget == null || (budget.compareTo(SHORTEST) >= 0 && budget.compareTo(LONGEST) <= 0), key, RANGE);
    }

    /** For the guard, with what a silence between two messages may last at most, or 0; null where there is none. */
    public @Nullable StreamBudgets budgets(long stallNanos) {
        StreamBudgets budgets = new StreamBudgets(nanos(firstMessage), nanos(idle), nanos(total), stallNanos);
        return budgets.isNone() ? null : budgets;
    }

    private static long nanos(@Nullable Duration budget) {
        return budget == null ? 0 : budget.toNanos();
    }
}
