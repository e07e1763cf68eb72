package dev.resilience.engine;

/**
 * That our own process did not run, or not as it should, and what was not held against the target for it.
 *
 * @param sinceNanos when that was first noticed
 * @param endNanos when it was last noticed
 * @param nanos how long it was held up in all; of the ten seconds since it was first noticed, at most
 * @param failures how many of the calls that were set aside failed
 * @param calls how many were: what was under way then says nothing of the target
 */
public record Stall(long sinceNanos, long endNanos, long nanos, long failures, long calls) {
    /** For so long decisions tell of it: what is older decides nothing any more. */
    private static final long TOLD_NANOS = 10_000_000_000L;

    Stall(long nowNanos, long nanos) {
        this(nowNanos, nowNanos, nanos, 0, 0);
    }

    boolean isOver(long nowNanos) {
        return nowNanos - endNanos > TOLD_NANOS;
    }

    /** Of many, one after the other, a new one every ten seconds. */
    Stall then(long nowNanos, long moreNanos) {
        return nowNanos - sinceNanos > TOLD_NANOS
                ? new Stall(nowNanos, moreNanos)
                : new Stall(sinceNanos, nowNanos, nanos + moreNanos, failures, calls);
    }

    Stall and(long moreFailures, long moreCalls) {
        return new Stall(sinceNanos, endNanos, nanos, failures + moreFailures, calls + moreCalls);
    }
}
