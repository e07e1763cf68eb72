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
     * Cancels that were lost in a row say that the network swallows them, and nothing but the connections is left to end
     * statements. To wait for each of the next as long as one may ever take would keep every caller past the deadline; not
     * to wait at all would cost every connection even when cancels arrive again. So they have what a cancel usually takes,
     * before the deadline, and now and then one has its whole time, lest a database that has become slower be taken for lost.
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

    /** What a cancel needs at least to be sent. */
    private static final long LEAST_USUAL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** It is sent after one round trip; to open a connection takes at least so many. */
    private static final int ROUND_TRIPS = 4;

    /** How often one of those is waited for. */
    static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(10);

    private volatile long last;
    private volatile long shortest = Long.MAX_VALUE;
    private volatile long cancel;
    private volatile int lost;
    private long waitedNanos; // guarded by this
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
        if (lost < LOST && (lost == 0 || begun - waitedNanos >= 0)) {
            lost++;
            waitedNanos = now;
        }
    }

    private boolean areLost() {
        return lost >= LOST;
    }

    /** A cancel that {@link #isHurried} ended its statement by its connection, so long after it began. */
    void severed(long nanos) {
        severings.ended(nanos);
    }

    /** A cancel ended its statement, so long after it began. */
    synchronized void ended(long nanos) {
        endings.ended(nanos);
        lost = 0;
    }

    /** From the begin of a cancel until its statement has ended, one way or the other; 0 if that is not known. */
    long endingNanos() {
        if (!areLost()) {
            return endings.nanos();
        }
        long known = severings.nanos();
        return known == 0 ? hurriedNanos() : known;
    }

    /** Whether the next cancel has less than its whole time to come back, as those before it were lost. */
    synchronized boolean isHurried(long now) {
        if (!areLost()) {
            return false;
        }
        if (now - waitedNanos < AGAIN_NANOS) {
            return true;
        }
        waitedNanos = now;
        return false;
    }

    /** How long to wait for one that {@link #isHurried}. */
    long hurriedNanos() {
        long known = shortest;
        long sent = known == Long.MAX_VALUE ? known : Math.max(LEAST_USUAL_NANOS, known / ROUND_TRIPS);
        return Math.min(graceNanos(), Math.max(sent, endings.nanos()));
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
