package dev.resilience.engine;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** How long calls took, counted by many threads without sharing a cache line, and taken by one reader, the pulse. */
final class Latencies {
    /*
     * A call writes one counter, that of its bucket. Buckets are an eighth of a doubling wide, so the middle of one is
     * at most 6.25 % from any latency in it: from 2^10 ns, about 1 us, to 2^38 ns, over 4 min, with one bucket for all
     * below and one for all above.
     *
     * Counters only grow and wrap; the reader takes differences, so nothing is lost while it reads. There is one stripe
     * of them until the reader finds it busy, then twice as many, up to eight: those there were stay among them, so a
     * call that still knows only those is counted too.
     */
    static final int BUCKETS = 1 + 28 * 8 + 1;

    private static final int LEAST_EXPONENT = 10;
    private static final int SPLIT_BITS = 3;
    private static final int SPLITS = 1 << SPLIT_BITS;

    /** 128 bytes before the first counter: a stripe may lie right behind another in memory. */
    private static final int MARGIN = 32;

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
        AtomicIntegerArray mine = all[Striping.ofThread(all.length)];
        mine.getAndIncrement(MARGIN + bucketOf(nanos));
    }

    /** Adds to {@code counts} what came since it was taken last, {@code sinceNanos} ago. For one reader alone. */
    void takeInto(LatencyCounts counts, long sinceNanos) {
        AtomicIntegerArray[] all = stripes;
        long calls = 0;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            int sum = sum(all, bucket);
            long times = Integer.toUnsignedLong(sum - taken[bucket]);
            taken[bucket] = sum;
            if (times != 0) {
                counts.add(bucket, times);
                calls += times;
            }
        }
        int wanted = Striping.grown(all.length, calls, sinceNanos);
        if (wanted > all.length) {
            AtomicIntegerArray[] wide = Arrays.copyOf(all, wanted);
            for (int i = all.length; i < wanted; i++) {
                wide[i] = stripe();
            }
            stripes = wide;
        }
    }

    /** Whether nothing came since it was taken last. For that reader. */
    boolean isTaken() {
        AtomicIntegerArray[] all = stripes;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            if (sum(all, bucket) != taken[bucket]) {
                return false;
            }
        }
        return true;
    }

    private static int sum(AtomicIntegerArray[] all, int bucket) {
        int sum = 0;
        for (AtomicIntegerArray stripe : all) {
            sum += stripe.get(MARGIN + bucket);
        }
        return sum;
    }

    static int bucketOf(long nanos) {
        if (nanos < 1 << LEAST_EXPONENT) {
            return 0;
        }
        int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(nanos);
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
