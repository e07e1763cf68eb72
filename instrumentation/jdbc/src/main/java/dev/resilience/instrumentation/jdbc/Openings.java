package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.CancelTimes;
import java.util.concurrent.Semaphore;
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
     * Cancels that were lost in a row say that the network swallows them, and nothing but the connections is left to end
     * statements. To wait for each of the next as well would keep every caller past the deadline. So the connections end
     * them, and the cancels go out beside that, with their whole time: each ends its statement in the database if it
     * arrives after all, and the first that comes back says that they do.
     *
     * A race between two that opened at once loses one of their times, which the next one makes good.
     */

    /** The first connection loads the driver, and perhaps TLS: it has this much, or the deadline if that is more. */
    static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** So many times what the quickest took, as an adaptive deadline has it. */
    private static final int TIMES = 4;

    private static final long LEAST_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(75);

    /** So many in a row that did not come back: the next are not waited for. */
    static final int LOST = 3;

    /** Of those that nobody waits for so many are under way at most: each keeps a worker of the agent. */
    static final int UNAWAITED = 8;

    private volatile long last;
    private volatile long shortest = Long.MAX_VALUE;
    private volatile long cancel;
    private final Semaphore unawaited = new Semaphore(UNAWAITED);
    private volatile int lost;
    private long lostNanos; // guarded by this
    private final CancelTimes endings = new CancelTimes();
    private final CancelTimes severings = new CancelTimes();

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

    /** A cancel did not come back in its time; of several at once, which one pause may have held up, one counts. */
    synchronized void lost(long begun, long now) {
        if (lost == 0 || begun - lostNanos >= 0) {
            lost++;
            lostNanos = now;
        }
    }

    /** Whether the next will be lost too, as those before it were. */
    boolean areLost() {
        return lost >= LOST;
    }

    /** To be had by who sends a cancel that nobody waits for. */
    Semaphore unawaited() {
        return unawaited;
    }

    /** A statement was ended by its connection, as cancels {@link #areLost}, so long after that began. */
    void severed(long nanos) {
        severings.ended(nanos);
    }

    /** A cancel ended its statement, so long after it began. */
    void ended(long nanos) {
        endings.ended(nanos);
        arrived();
    }

    /** A cancel was answered. */
    synchronized void arrived() {
        lost = 0;
    }

    /** From when a statement is to end until it has, one way or the other; 0 if that is not known. */
    long endingNanos() {
        return (areLost() ? severings : endings).nanos();
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
