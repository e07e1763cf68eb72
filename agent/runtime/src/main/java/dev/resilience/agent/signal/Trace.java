package dev.resilience.agent.signal;

import org.jspecify.annotations.Nullable;

/** The record of one call: its signals arrive in order, from whatever thread. Never blocks, never throws. */
public interface Trace {
    void accept(Signal signal);

    /** The id of the trace that this call is part of, or null if it is not known or not recorded. */
    default @Nullable String traceId() {
        return null;
    }

    /** Where to tell what becomes known of the call after {@link #close}; null if nothing can be added any more. */
    default @Nullable Trace afterwards() {
        return null;
    }

    /**
     * The call is over.
     *
     * @param thrown what its caller gets, or null when it gets an answer (be it a fallback's)
     */
    void close(@Nullable Throwable thrown);
}
