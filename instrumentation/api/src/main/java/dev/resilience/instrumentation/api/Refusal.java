package dev.resilience.instrumentation.api;

import org.jspecify.annotations.Nullable;

/** A call that must not be made, or must be given up now. Most that are made are never read, so it keeps facts, no text. */
public abstract class Refusal {
    private final Reason reason;
    private final long retryAfterNanos;
    private final @Nullable Fallback fallback;

    protected Refusal(Reason reason, long retryAfterNanos, @Nullable Fallback fallback) {
        this.reason = reason;
        this.retryAfterNanos = retryAfterNanos;
        this.fallback = fallback;
    }

    /** One that says always this, for those that are rare: its exception has a stack trace. */
    public static Refusal saying(String message, Reason reason, long retryAfterNanos, @Nullable Fallback fallback) {
        return new Refusal(reason, retryAfterNanos, fallback) {
            @Override
            public String message() {
                return message;
            }

            @Override
            public boolean showsStackTrace() {
                return true;
            }
        };
    }

    public final Reason reason() {
        return reason;
    }

    /** When a new attempt makes sense, in nanoseconds from now; 0 when nothing is known. */
    public final long retryAfterNanos() {
        return retryAfterNanos;
    }

    /** What to answer instead, or null to throw. */
    public final @Nullable Fallback fallback() {
        return fallback;
    }

    /**
     * For the exception the caller gets: reason, code, policy, target and decision id. Always the same, and made anew
     * whenever it is asked for: best not before somebody reads the exception.
     */
    public abstract String message();

    /** Whether its exception has to have a stack trace, which costs more than all else: one in many does. */
    public abstract boolean showsStackTrace();
}
