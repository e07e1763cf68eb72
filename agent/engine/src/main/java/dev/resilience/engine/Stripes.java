package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicLongArray;

/** One word for each of a few stripes of threads, each with a cache line of its own. */
final class Stripes {
    static final int COUNT = Striping.MOST;
    /** The first stride is empty, so that stripe 0 does not share a line with the array's header. */
    private final AtomicLongArray cells = new AtomicLongArray((COUNT + 1) * Striping.LONGS_APART);

    /** Which stripe is this thread's. */
    static int own() {
        return Striping.ofThread(COUNT);
    }

    long get(int stripe) {
        return cells.get(cell(stripe));
    }

    boolean compareAndSet(int stripe, long seen, long next) {
        return cells.compareAndSet(cell(stripe), seen, next);
    }

    long getAndSet(int stripe, long next) {
        return cells.getAndSet(cell(stripe), next);
    }

    private static int cell(int stripe) {
        return (stripe + 1) * Striping.LONGS_APART;
    }
}
