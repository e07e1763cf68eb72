package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.CancelTimes;
import java.util.concurrent.TimeUnit;

/**
 * How long it takes to open a connection to a database, which bounds what may be asked of its network; and to end a statement
 * there by a cancel.
 */
final class Openings {
    /*
     * To cancel a statement is to open a connection and to say less on it. Twice what opening one took last, or what
     * cancels took of late, is therefore enough for a cancel wherever one can arrive at all: on a near database that
     * shows a dead network soon, and on a far or a busy one no connection is lost to haste.
     *
     * A race between two that opened at once loses one of their times, which the next one makes good.
     */

    /** The first connection loads the driver, and perhaps TLS: it has this much, or the deadline if that is more. */
    static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** So many times what the quickest took, as an adaptive deadline has it. */
    private static final int TIMES = 4;

    private static final long LEAST_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(75);

    private volatile long last;
    private volatile long shortest = Long.MAX_VALUE;
    private volatile long cancel;
    private final CancelTimes endings = new CancelTimes();

    void opened(long nanos) {
        long took = Math.max(1, nanos);
        last = took;
        if (took < shortest) {
            shortest = took;
        }
    }

    /** A cancel came back after so long. */
    void cancelled(long nanos) {
        long before = cancel;
        cancel = Math.max(nanos, before - before / 8);
    }

    /** From the begin of a cancel until its statement has ended. */
    CancelTimes endings() {
        return endings;
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
