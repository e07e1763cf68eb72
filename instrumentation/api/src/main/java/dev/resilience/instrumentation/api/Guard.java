package dev.resilience.instrumentation.api;

import org.jspecify.annotations.Nullable;

/**
 * The policies of one target, joined. Thread-safe. No method throws: an agent fault admits the call.
 *
 * <p>The life of a call: {@link #tryAcquire}, once; then, if it was admitted, {@link #settle} on every path, at least
 * once (the first one counts). A call that was never admitted need not be settled; settling it does nothing.
 */
public interface Guard {
    /**
     * Whether the adapter may change what the application sees. When false the adapter only reports: it must not wrap
     * results, replace arguments or move callbacks.
     */
    boolean enforces();

    /** The budget of one call in nanoseconds; 0 for none. Always 0 unless {@link #enforces}. */
    long deadlineNanos();

    /**
     * Decides on a call, as late as possible: right before the library is let loose. Null admits it; a guard that does
     * not enforce always admits. A deadline is armed from here unless the call brings its own timer.
     */
    @Nullable
    Refusal tryAcquire(Call call);

    /**
     * Ends an admitted call. Returns what to answer instead of a fault of the target, or null to hand on what
     * happened; null always unless {@link #enforces}.
     */
    @Nullable
    Fallback settle(Call call, Ending ending);

    /**
     * Ends a call cut by its deadline: {@code thrown} is what the library made of the cut, or, where it makes nothing of
     * it, what the caller gets. Also for a library that enforces the guard's deadline itself.
     */
    @Nullable
    Fallback settleExpired(Call call, @Nullable Throwable thrown);
}
