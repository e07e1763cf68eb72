package dev.resilience.instrumentation.jdbc;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** How long it takes to open a connection to a database, which bounds what may be asked of its network. */
final class Openings {
    /*
     * To cancel a statement is to open a connection and to say less on it. Twice what opening one took last, or what
     * cancels took of late, is therefore enough for a cancel wherever one can arrive at all: on a near database that
     * shows a dead network soon, and on a far or a busy one no connection is lost to haste.
     *
     * A cancel that begins before the deadline is there sooner, and costs the database a connection in vain if the statement
     * ends in time after all. So no more begin in vain than statements are cancelled, and a few.
     *
     * A race between two that opened at once loses one of their times, which the next one makes good.
     */

    /** The first connection loads the driver, and perhaps TLS: it has this much, or the deadline if that is more. */
    static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** So many times what the quickest took, as an adaptive deadline has it. */
    private static final int TIMES = 4;

    private static final long LEAST_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(75);

    /** What an overloaded machine takes, and less than a connection that is not needed may cost anybody. */
    private static final long MOST_LEAD_NANOS = LEAST_GRACE_NANOS / 3;

    /** What a process takes to be forked on a machine that has other work. */
    private static final long LEAST_LEAD_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** Statements that take nearly all of a deadline shorter than ten of these are no exception. */
    private static final int LEADS = 10;

    /** So many in vain, at first or in a row. */
    private static final int MOST_EARLY = 16;

    private volatile long last;
    private volatile long shortest = Long.MAX_VALUE;
    private volatile long cancel;

    /** The same of those that began at the deadline: of those that began early the database had done much meanwhile. */
    private volatile long plainCancel;

    /** How many cancels may begin early: each costs one and has it back if it is sent; so does each cut pay for one. */
    private final AtomicInteger early = new AtomicInteger(MOST_EARLY);

    void opened(long nanos) {
        long took = Math.max(1, nanos);
        last = took;
        if (took < shortest) {
            shortest = took;
        }
    }

    /** A cancel came back after so long. */
    void cancelled(long nanos) {
        cancel = decayed(cancel, nanos);
        plainCancel = decayed(plainCancel, nanos);
    }

    /** One that began early came back, so long after it began, of which it waited for a time. */
    void cancelledEarly(long nanos, long hiddenNanos) {
        cancel = decayed(cancel, nanos);
        plainCancel = Math.max(plainCancel, nanos - hiddenNanos);
        mayBeginEarly();
    }

    private static long decayed(long before, long nanos) {
        return Math.max(nanos, before - before / 8);
    }

    /** One more. */
    void mayBeginEarly() {
        early.updateAndGet(left -> Math.min(MOST_EARLY, left + 1));
    }

    /** How long before its deadline the cancel of a statement should begin; 0 for not before that. */
    long leadNanos(long deadlineNanos) {
        long known = plainCancel == 0 ? last : plainCancel;
        if (known == 0 || early.get() <= 0) {
            return 0;
        }
        long wanted = Math.max(LEAST_LEAD_NANOS, Math.min(MOST_LEAD_NANOS, 2 * known));
        return deadlineNanos / LEADS < LEAST_LEAD_NANOS ? 0 : Math.min(wanted, deadlineNanos / LEADS);
    }

    boolean tryBeginEarly() {
        return early.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    }

    /** The least that one who opens a connection is given: a deadline for statements may be too short for that. */
    long leastNanos() {
        long known = shortest;
        return known >= FIRST_NANOS / TIMES ? FIRST_NANOS : TIMES * known;
    }

    /** How long to wait for a cancel to come back. */
    long graceNanos() {
        long known = last == 0 ? StatementCall.GRACE_NANOS : Math.max(last, cancel);
        return Math.max(LEAST_GRACE_NANOS, Math.min(StatementCall.GRACE_NANOS, 2 * known));
    }
}
