package dev.resilience.instrumentation.jdbc;

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
     * What it takes to end a statement is followed by its 99th percentile, by steps (the stochastic approximation of Robbins
     * and Monro, 1951): whatever takes longer moves it up by a part, however much longer that took, and 99 that do not
     * move it down again. Mean and deviation, as TCP follows its round trips, came out too short: these times are skewed.
     *
     * A race between two that opened or ended at once loses one of their times, which the next one makes good.
     */

    /** The first connection loads the driver, and perhaps TLS: it has this much, or the deadline if that is more. */
    static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** So many times what the quickest took, as an adaptive deadline has it. */
    private static final int TIMES = 4;

    /** Of what it takes to end a statement, the part by which it moves. */
    private static final int STEPS = 800;

    /** Of so many it is the least: the first of a JVM load what they need, and it comes down slowly. */
    private static final int FIRST = 8;

    private static final long LEAST_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(75);

    private volatile long last;
    private volatile long shortest = Long.MAX_VALUE;
    private volatile long cancel;
    private volatile long ending;
    private volatile int endings;

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

    /** A cancel ended its statement, so long after it began. */
    void ended(long nanos) {
        long before = ending;
        int known = endings;
        if (known < FIRST) {
            endings = known + 1;
            ending = Math.max(STEPS, known == 0 ? nanos : Math.min(before, nanos));
        } else if (nanos > before) {
            ending = before + 99 * (before / STEPS);
        } else {
            ending = Math.max(STEPS, before - before / STEPS);
        }
    }

    /** How long a cancel takes to end its statement, but for one in a hundred; 0 before the first. */
    long endingNanos() {
        return ending;
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
