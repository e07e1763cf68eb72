package dev.resilience.instrumentation.api;

/**
 * How long a stream may take, in nanoseconds each; 0 for as long as it likes.
 *
 * @param firstMessageNanos until the first message, from the start of the call
 * @param idleNanos between two messages, while the caller wants one; until the first, where nothing else says that
 * @param totalNanos until its end, from the start of the call
 * @param stallNanos between two messages, while the caller wants one; then it has stalled
 */
public record StreamBudgets(long firstMessageNanos, long idleNanos, long totalNanos, long stallNanos) {
    /** Whether nothing bounds it. */
    public boolean isNone() {
        return firstMessageNanos == 0 && idleNanos == 0 && totalNanos == 0 && stallNanos == 0;
    }
}
