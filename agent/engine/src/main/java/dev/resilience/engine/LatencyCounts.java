package dev.resilience.engine;

import java.util.Arrays;

/** How many calls took how long, to the bucket of {@link Latencies}; for one thread, the pulse. */
final class LatencyCounts {
    private final long[] counts = new long[Latencies.BUCKETS];
    private long calls;

    void add(int bucket, long times) {
        counts[bucket] += times;
        calls += times;
    }

    void clear() {
        Arrays.fill(counts, 0);
        calls = 0;
    }

    long calls() {
        return calls;
    }

    /** The latency that this share of the calls did not exceed, for a whole call: at most 6.25 % off; 0 without calls. */
    long quantileNanos(Share share) {
        long rank = share.leastOf(calls);
        long passed = 0;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            passed += counts[bucket];
            if (passed >= rank) {
                return Latencies.valueOf(bucket);
            }
        }
        return 0;
    }
}
