package dev.resilience.instrumentation.api;

/**
 * A call that failed and is to be made again. The adapter waits, holding neither a thread nor a permit, and then makes it
 * as a call of its own that {@link Call#follows() follows} this one, from the decision on.
 */
public interface Again {
    /** How long to wait, in nanoseconds. */
    long afterNanos();

    /**
     * What is left of the time that all attempts have together, in nanoseconds from now; {@link Long#MAX_VALUE} where it
     * is not bounded. Never negative.
     */
    long leftNanos();

    /** Whether the call that follows was refused: then its caller gets what the attempt before it ended with. */
    boolean isRefused();
}
