package dev.resilience.agent.signal;

import org.jspecify.annotations.Nullable;

/** Is told what happens. Never blocks, never throws. */
public interface Sink {
    /**
     * Opens the record of one call, on the thread that makes it, before the decision. Null when nobody records this
     * call; allocates nothing then.
     */
    @Nullable
    Trace open(Subject subject);

    /** Sees who wants to be told; comes ten times a second, from the first guard on. */
    default void look() {
        // most are there or not from the start
    }

    /** A signal that belongs to no call in particular: a transition made by the pulse. */
    void accept(Signal signal);
}
