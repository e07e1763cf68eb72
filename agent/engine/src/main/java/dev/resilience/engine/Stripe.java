package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicIntegerArray;

/** What the threads of one stripe count: calls in flight, refusals, failures, and the latencies of successes. */
final class Stripe {
    /*
     * One array for each stripe, begun with an empty 128 bytes, so that no two stripes share a cache line. A call may end
     * on another stripe than it began on: the calls in flight of one stripe may be negative, their sum is right.
     *
     * All but the calls in flight is for the pulse, which takes what it finds by an atomic exchange with 0, and only where
     * it finds something: nothing is counted twice or lost, and an idle guard is only read.
     */
    private static final int MARGIN = 32;
    private static final int IN_FLIGHT = MARGIN;
    private static final int FAILURES = MARGIN + 1;
    private static final int REFUSALS = MARGIN + 2;
    private static final int IGNORED = MARGIN + 3;
    /** A line of their own: calls that end and calls that begin would fight for it. */
    private static final int LATENCIES = MARGIN + 16;

    private final AtomicIntegerArray cells = new AtomicIntegerArray(LATENCIES + Latencies.BUCKETS);

    /** Returns the calls in flight on this stripe, with this one. */
    int enter() {
        return cells.incrementAndGet(IN_FLIGHT);
    }

    void leave() {
        cells.getAndDecrement(IN_FLIGHT);
    }

    int inFlight() {
        return cells.get(IN_FLIGHT);
    }

    void refused() {
        cells.getAndIncrement(REFUSALS);
    }

    void failed() {
        cells.getAndIncrement(FAILURES);
    }

    void ignored() {
        cells.getAndIncrement(IGNORED);
    }

    void succeeded(long nanos) {
        cells.getAndIncrement(LATENCIES + Latencies.bucketOf(nanos));
    }

    int takeFailures() {
        return take(FAILURES);
    }

    int takeIgnored() {
        return take(IGNORED);
    }

    int takeRefusals() {
        return take(REFUSALS);
    }

    void takeLatencies(Sample into) {
        for (int bucket = 0; bucket < Latencies.BUCKETS; bucket++) {
            into.add(bucket, take(LATENCIES + bucket));
        }
    }

    private int take(int cell) {
        return cells.get(cell) == 0 ? 0 : cells.getAndSet(cell, 0);
    }
}
