package dev.resilience.instrumentation.api;

/**
 * How long it takes from the begin of a cancel until its caller has an answer, but for one in a hundred. So much earlier a
 * cancel begins that is due by a deadline which somebody wrote down.
 *
 * <p>The 99th percentile is followed by steps (the stochastic approximation of Robbins and Monro, 1951): whatever takes
 * longer moves it up by a part, however much longer that took, and 99 that do not move it down again. Mean and deviation,
 * as TCP follows its round trips, came out too short: these times are skewed.
 */
public final class CancelTimes {
    /** Of what a cancel takes, the part by which it moves. */
    private static final int STEPS = 800;

    /** Of so many it is the least: the first of a JVM load what they need, and it comes down slowly. */
    private static final int FIRST = 8;

    /** No deadline is shortened by more than one part of so many. */
    private static final int EARLY_PART = 40;

    /** Nor by more than this. */
    private static final long EARLY_NANOS = 100_000_000;

    private volatile long most;
    private int known; // guarded by this

    /**
     * A cancel ended its call.
     *
     * @param nanos so long after it began, in nanoseconds, from 0
     */
    public synchronized void ended(long nanos) {
        long before = most;
        if (known < FIRST) {
            most = Math.max(STEPS, known == 0 ? nanos : Math.min(before, nanos));
            known++;
        } else if (nanos > before) {
            most = before + 99 * (before / STEPS);
        } else {
            most = Math.max(STEPS, before - before / STEPS);
        }
    }

    /** In nanoseconds; 0 before the first. */
    public long nanos() {
        return most;
    }

    /**
     * How much before its deadline the cancel of a call begins, in nanoseconds: what it takes, but never more than a
     * fortieth of the deadline, nor than 100 ms.
     *
     * @param nanos what its cancel takes, from 0
     * @param deadlineNanos from 0
     */
    public static long early(long nanos, long deadlineNanos) {
        return Math.min(Math.min(nanos, deadlineNanos / EARLY_PART), EARLY_NANOS);
    }
}
