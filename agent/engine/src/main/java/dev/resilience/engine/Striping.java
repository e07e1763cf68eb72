package dev.resilience.engine;

/** Which stripe of a set of counters is a thread's, and how many stripes there should be. */
final class Striping {
    static final int MOST = 8;

    /** 128 bytes in longs: the cache line, and the one the processor fetches with it. */
    static final int LONGS_APART = 16;

    /**
     * What one stripe bears: a counter that two threads write costs the later one some 100 ns to fetch its line, so even
     * if all calls met, that would be 1 % of a processor.
     */
    private static final long CALLS_PER_SECOND = 100_000;

    private static final long SECOND_NANOS = 1_000_000_000;
    private static final int HASH_BITS = 3;

    /** The stripe of this thread, of 1, 2, 4 or 8. */
    static int ofThread(int stripes) {
        return stripes == 1 ? 0 : of(Thread.currentThread().getId(), stripes); // 1 for most guards, three times a call
    }

    /** The stripe of the thread with this id. */
    static int of(long thread, int stripes) {
        long spread = thread * 0x9E3779B97F4A7C15L;
        return (int) (spread >>> (Long.SIZE - HASH_BITS)) & (stripes - 1);
    }

    /** Twice the stripes if these had more to bear than they do well, else as many. For the pulse. */
    static int grown(int stripes, long calls, long nanos) {
        boolean busy = nanos > 0 && (double) calls * SECOND_NANOS / nanos > (double) CALLS_PER_SECOND * stripes;
        return busy && stripes < MOST ? 2 * stripes : stripes;
    }

    private Striping() {}
}
