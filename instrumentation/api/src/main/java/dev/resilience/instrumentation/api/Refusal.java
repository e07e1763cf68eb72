package dev.resilience.instrumentation.api;

import org.jspecify.annotations.Nullable;

/**
 * A call that must not be made, or must be given up now.
 *
 * @param message for the exception the caller gets: reason, code, policy, target and decision id
 * @param retryAfterNanos when a new attempt makes sense, in nanoseconds from now; 0 when nothing is known
 * @param fallback what to answer instead, or null to throw
 */
public record Refusal(
        Reason reason,
        String message,
        long retryAfterNanos,
        @Nullable Fallback fallback) {}
