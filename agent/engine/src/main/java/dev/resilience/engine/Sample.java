package dev.resilience.engine;

import java.util.Arrays;

/** Latencies to decide on, and how many calls were refused meanwhile. For the pulse alone. */
final class Sample {
    private final int[] counts = new int[Latencies.BUCKETS];
    private int size;

    private final long nanos;
    private final long refusals;

    Sample(long nanos, long refusals) {
        this.nanos = nanos;
        this.refusals = refusals;
    }

    /** How long it took to gather. */
    long nanos() {
        return nanos;
    }

    /** Calls refused meanwhile. */
    long refusals() {
        return refusals;
    }

    void add(Sample other) {
        for (int bucket = 0; bucket < counts.length; bucket++) {
            counts[bucket] += other.counts[bucket];
        }
        size += other.size;
    }

    void addTo(int[] sums) {
        for (int bucket = 0; size > 0 && bucket < counts.length; bucket++) {
            sums[bucket] += counts[bucket];
        }
    }

    /** Has each stand for so many. */
    void stretch(double by) {
        size = 0;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            counts[bucket] = (int) Math.round(by * counts[bucket]);
            size += counts[bucket];
        }
    }

    void dropLongest(int most) {
        int left = most;
        for (int bucket = counts.length - 1; bucket >= 0 && left > 0; bucket--) {
            int dropped = Math.min(left, counts[bucket]);
            counts[bucket] -= dropped;
            size -= dropped;
            left -= dropped;
        }
    }

    void add(int bucket, int times) {
        counts[bucket] += times;
        size += times;
    }

    void add(long nanos) {
        add(Latencies.bucketOf(nanos), 1);
    }

    int size() {
        return size;
    }

    /**
     * Adds calls that have not ended, by their ages. What has ended of calls begun since one instant are the quicker ones,
     * so each of these stands for a share of the longer calls: the estimator of E. L. Kaplan and P. Meier, JASA 53 (1958),
     * as B. Efron redistributes it to the right, Proc. 5th Berkeley Symp. 4 (1967). It counts as evidence only from
     * {@code slowNanos} on.
     *
     * @param running how many there are of each bucket
     */
    void addRunning(int[] running, double slowNanos) {
        int slow = Latencies.bucketOf((long) slowNanos);
        int evidence = size;
        int left = size;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            left += running[bucket];
            evidence += bucket > slow ? running[bucket] : 0;
        }
        double scale = (double) evidence / Math.max(1, left);
        double each = 1;
        double sum = 0;
        size = 0;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            sum += each * counts[bucket];
            left -= counts[bucket] + running[bucket];
            if (left > 0) {
                each *= (double) (left + running[bucket]) / left;
            } else {
                sum += each * running[bucket];
            }
            counts[bucket] = (int) Math.round(sum * scale) - size;
            size += counts[bucket];
        }
    }

    /** How many are longer than this, to the grain of the buckets. */
    int above(double nanos) {
        int above = 0;
        for (int bucket = Latencies.bucketOf((long) nanos) + 1; bucket < counts.length; bucket++) {
            above += counts[bucket];
        }
        return above;
    }

    double median() {
        int bucket = 0;
        for (int seen = counts[0]; 2 * seen < size; seen += counts[bucket]) {
            bucket++;
        }
        return Latencies.valueOf(bucket);
    }

    /** Small, to be kept for long: each bucket and, seven bits at a time, how many are in it. */
    byte[] packed() {
        // a bucket takes a byte, and its count one to five, never more than the count is
        byte[] packed = new byte[2 * Math.min(size, 3 * counts.length)];
        int at = 0;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            if (counts[bucket] > 0) {
                packed[at++] = (byte) bucket;
                int left = counts[bucket];
                for (; left >>> 7 != 0; left >>>= 7) {
                    packed[at++] = (byte) (left | 0x80);
                }
                packed[at++] = (byte) left;
            }
        }
        return Arrays.copyOf(packed, at);
    }

    void unpack(byte[] packed) {
        for (int at = 0; at < packed.length; ) {
            int bucket = Byte.toUnsignedInt(packed[at++]);
            int times = 0;
            int shift = 0;
            for (; packed[at] < 0; shift += 7) {
                times |= (packed[at++] & 0x7f) << shift;
            }
            add(bucket, times | packed[at++] << shift);
        }
    }
}
