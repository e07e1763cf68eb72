package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicLongArray;

/** Monotone counters of outcomes that many threads write without sharing a cache line, and one reader sums up. */
final class StripedCounts {
    private static final int STRIPE_BITS = 3;
    private static final int STRIPES = 1 << STRIPE_BITS;
    /** 128 bytes: the cache line, and the one the processor fetches with it. */
    private static final int STRIDE = 16;

    private static final int SUCCESSES = 0;
    private static final int FAILURES = 1;

    /** The first stride is empty, so that stripe 0 does not share a line with the array's header. */
    private final AtomicLongArray cells = new AtomicLongArray((STRIPES + 1) * STRIDE);

    void addSuccess() {
        cells.getAndIncrement(stripe() + SUCCESSES);
    }

    void addFailure() {
        cells.getAndIncrement(stripe() + FAILURES);
    }

    long failures() {
        return sum(FAILURES);
    }

    long successes() {
        return sum(SUCCESSES);
    }

    Counts sum() {
        long failures = failures();
        return new Counts(failures, failures + successes());
    }

    private long sum(int cell) {
        long sum = 0;
        for (int stripe = 1; stripe <= STRIPES; stripe++) {
            sum += cells.get(stripe * STRIDE + cell);
        }
        return sum;
    }

    private static int stripe() {
        long spread = Thread.currentThread().getId() * 0x9E3779B97F4A7C15L;
        return ((int) (spread >>> (Long.SIZE - STRIPE_BITS)) + 1) * STRIDE;
    }
}
