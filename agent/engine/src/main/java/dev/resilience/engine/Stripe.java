package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicIntegerArray;

/** What the threads of one stripe count: calls in flight, refusals, failures, and the latencies of successes. */
final class Stripe {
    /*
     * A call may end on another stripe than it began on: the calls in flight of one stripe may be negative, their sum is
     * right. All else is for the pulse, which takes what it finds by an atomic exchange with 0, and only where it finds
     * something: nothing is counted twice or lost, and an idle guard is only read.
     *
     * A call that nobody timed ends by one addition: those that succeeded are only ever added up, and what is in flight is
     * what began less those, right across the wrap.
     *
     * Latencies are counted in buckets, in an array of its own for each stripe that begins with two empty cache lines. A
     * calm guard, which is what most are, does with a ring of the buckets of the last successes, an eighth of the size:
     * the number of successes is exact, of their latencies those overrun between two pulses are lost, and one that is
     * just being written is taken by the next pulse or overrun.
     */
    static final int RING = 32;

    private static final int IN_FLIGHT = 0;
    private static final int FAILURES = 1;
    private static final int REFUSALS = 2;
    private static final int IGNORED = 3;
    private static final int SUCCESSES = 4;
    private static final int UNTIMED = 5;
    private static final int COUNTERS = 6;

    /** Two cache lines. */
    private static final int MARGIN = 32;

    private final boolean isCalm;
    private final int counters;
    private final int latencies;
    private final AtomicIntegerArray cells;

    /** The pulse's own: how many were counted before. */
    private int untimed;

    private Stripe(boolean isCalm) {
        this.isCalm = isCalm;
        this.counters = isCalm ? 0 : MARGIN;
        this.latencies = isCalm ? COUNTERS : 2 * MARGIN;
        this.cells = new AtomicIntegerArray(latencies + (isCalm ? RING : Latencies.BUCKETS));
    }

    static Stripe calm() {
        return new Stripe(true);
    }

    static Stripe busy() {
        return new Stripe(false);
    }

    /** Returns the calls in flight on this stripe, with this one. */
    int enter() {
        return cells.incrementAndGet(counters + IN_FLIGHT) - cells.get(counters + UNTIMED);
    }

    /** So many that were in flight on another. */
    void enter(int others) {
        cells.getAndAdd(counters + IN_FLIGHT, others);
    }

    int takeInFlight() {
        return take(counters + IN_FLIGHT);
    }

    void leave() {
        cells.getAndDecrement(counters + IN_FLIGHT);
    }

    int inFlight() {
        return cells.get(counters + IN_FLIGHT) - cells.get(counters + UNTIMED);
    }

    void refused() {
        cells.getAndIncrement(counters + REFUSALS);
    }

    void failed() {
        cells.getAndIncrement(counters + FAILURES);
    }

    void ignored() {
        cells.getAndIncrement(counters + IGNORED);
    }

    void succeeded(long nanos) {
        int bucket = Latencies.bucketOf(nanos);
        if (isCalm) {
            int number = cells.getAndIncrement(counters + SUCCESSES);
            cells.lazySet(latencies + (number & (RING - 1)), bucket + 1);
        } else {
            cells.getAndIncrement(latencies + bucket);
        }
    }

    /** Leaves as well. */
    void succeededUntimed() {
        cells.getAndIncrement(counters + UNTIMED);
    }

    int takeFailures() {
        return take(counters + FAILURES);
    }

    int takeRefusals() {
        return take(counters + REFUSALS);
    }

    int takeIgnored() {
        return take(counters + IGNORED);
    }

    int takeUntimed() {
        int all = cells.get(counters + UNTIMED);
        int fresh = all - untimed;
        untimed = all;
        return fresh;
    }

    /** Returns the number of successes that were timed. */
    int takeLatencies(Sample into) {
        int successes = isCalm ? take(counters + SUCCESSES) : 0;
        for (int cell = latencies; cell < cells.length(); cell++) {
            int found = take(cell);
            if (isCalm && found != 0) {
                into.add(found - 1, 1);
            } else if (!isCalm) {
                into.add(cell - latencies, found);
                successes += found;
            }
        }
        return successes;
    }

    private int take(int cell) {
        return cells.get(cell) == 0 ? 0 : cells.getAndSet(cell, 0);
    }
}
