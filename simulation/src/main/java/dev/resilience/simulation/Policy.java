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
