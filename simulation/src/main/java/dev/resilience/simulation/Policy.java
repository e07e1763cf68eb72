package dev.resilience.simulation;

/** The guard of one dependency in one service, whoever made it; called by one thread, on virtual time. */
interface Policy {
    long REFUSED = -1;

    /** How an admitted call ended for its caller. */
    enum End {
        ANSWERED,
        FAILED,
        TIMED_OUT
    }

    long tryAcquire(long nowNanos);

    void settle(long permit, End end, long nowNanos);

    /** Each 100 ms. */
    default void pulse(long nowNanos) {}

    /** What the guard allows a call that begins now, or {@link Long#MAX_VALUE}. */
    default long deadlineNanos() {
        return Long.MAX_VALUE;
    }

    /** Whether a failed call may be made again, if its caller wants to. */
    default boolean mayRetry(long nowNanos) {
        return true;
    }

    /** After how long the guard itself makes a call again that ended so at this attempt; negative if it does not. */
    default long againAfterNanos(int attempt, End end, long nowNanos) {
        return -1;
    }

    /** Whether its dependency has room for more calls than it gets. */
    default boolean hasRoom() {
        return false;
    }

    /** The application makes a call for this request, be it for the first time or again. */
    default void begins(long request, long nowNanos) {}

    /** Its call for this request has failed, as far as the application sees. */
    default void failed(long request, long nowNanos) {}

    /** No guard at all. */
    Policy NONE = new Policy() {
        @Override
        public long tryAcquire(long nowNanos) {
            return 0;
        }

        @Override
        public void settle(long permit, End end, long nowNanos) {}
    };
}
