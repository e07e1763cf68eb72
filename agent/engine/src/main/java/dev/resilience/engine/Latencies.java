package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicIntegerArray;

/** How long calls took, counted by many threads without sharing a cache line, and taken by one reader, the pulse. */
final class Latencies {
    /*
     * A call writes one counter, that of its bucket. Buckets are an eighth of a doubling wide, so the middle of one is
     * at most 6.25 % from any latency in it: from 2^10 ns, about 1 us, to 2^38 ns, over 4 min, with one bucket for all
     * below and one for all above.
     *
     * Counters only grow and wrap; the reader takes differences, so nothing is lost while it reads. There is one stripe
     * of them until a reader finds it busy, then STRIPES for good: the first stays among them, so a call that still
     * knows only the first is counted too.
     */
    static final int BUCKETS = 1 + 28 * 8 + 1;

    private static final int LEAST_EXPONENT = 10;
    private static final int SPLIT_BITS = 3;
    private static final int SPLITS = 1 << SPLIT_BITS;

    private static final int STRIPE_BITS = 3;
    private static final int STRIPES = 1 << STRIPE_BITS;
    /** 128 bytes before the first counter: a stripe may lie right behind another in memory. */
    private static final int MARGIN = 32;
    /** 100,000 calls a second: from about there on one shared counter costs more than the clock does. */
    private static final long BUSY_NANOS_PER_CALL = 10_000;

    private volatile AtomicIntegerArray[] stripes;

    /** The reader's own. */
    private final int[] taken = new int[BUCKETS];

    Latencies() {
        this(stripe());
    }

    Latencies(AtomicIntegerArray first) {
        stripes = new AtomicIntegerArray[] {first};
    }

    static AtomicIntegerArray stripe() {
        return new AtomicIntegerArray(MARGIN + BUCKETS);
    }

    void add(long nanos) {
        AtomicIntegerArray[] all = stripes;
        AtomicIntegerArray mine = all.length == 1 ? all[0] : all[stripeOfThread()];
        mine.getAndIncrement(MARGIN + bucketOf(nanos));
    }

    /** Adds to {@code counts} what came since it was taken last, {@code sinceNanos} ago. For one reader alone. */
    void takeInto(LatencyCounts counts, long sinceNanos) {
        AtomicIntegerArray[] all = stripes;
        long calls = 0;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            int sum = 0;
            for (AtomicIntegerArray stripe : all) {
                sum += stripe.get(MARGIN + bucket);
            }
            long times = Integer.toUnsignedLong(sum - taken[bucket]);
            taken[bucket] = sum;
            if (times != 0) {
                counts.add(bucket, times);
                calls += times;
            }
        }
        if (all.length == 1 && calls > sinceNanos / BUSY_NANOS_PER_CALL) {
            stripes = widened(all[0]);
        }
    }

    private static AtomicIntegerArray[] widened(AtomicIntegerArray first) {
        AtomicIntegerArray[] wide = new AtomicIntegerArray[STRIPES];
        wide[0] = first;
        for (int i = 1; i < STRIPES; i++) {
            wide[i] = stripe();
        }
        return wide;
    }

    private static int stripeOfThread() {
        long spread = Thread.currentThread().getId() * 0x9E3779B97F4A7C15L;
        return (int) (spread >>> (Long.SIZE - STRIPE_BITS));
    }

    static int bucketOf(long nanos) {
        int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(Math.max(1, nanos));
        if (exponent < LEAST_EXPONENT) {
            return 0;
        }
        int split = (int) (nanos >>> (exponent - SPLIT_BITS)) & (SPLITS - 1);
        return Math.min(BUCKETS - 1, 1 + (exponent - LEAST_EXPONENT) * SPLITS + split);
    }

    /** The least latency of this bucket. */
    static long leastOf(int bucket) {
        if (bucket == 0) {
            return 0;
        }
        int exponent = LEAST_EXPONENT + (bucket - 1) / SPLITS;
        return (long) (SPLITS + (bucket - 1) % SPLITS) << (exponent - SPLIT_BITS);
    }

    /** The latency that stands for this bucket: its middle, or where the last one begins. */
    static long valueOf(int bucket) {
        long least = leastOf(bucket);
        return bucket == BUCKETS - 1 ? least : least + (leastOf(bucket + 1) - least) / 2;
    }
}
