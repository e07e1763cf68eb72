package dev.resilience.simulation;

import java.util.Arrays;

/** What became of the requests for one dependency, second by second of when they came, and when. */
final class Tally {
    static final long SECOND = 1_000_000_000;

    /** A request that is answered later than this is of no use any more. */
    static final long USEFUL_NANOS = 500_000_000;

    /** Sub-buckets of an octave of latencies: each is told to 3 %. */
    private static final int FINE = 32;

    private final int fromSeconds;
    private final int untilSeconds;
    private final int endSeconds;
    private final int[] offered;
    private final int[] good;
    private final int[] sent;
    private final int[] refused;
    private final long[] latencies = new long[64 * FINE];
    private long ended;

    /** From {@code fromSeconds} to {@code untilSeconds} something is wrong, and that is when latencies are looked at. */
    Tally(int fromSeconds, int untilSeconds, int endSeconds) {
        this.fromSeconds = fromSeconds;
        this.untilSeconds = untilSeconds;
        this.endSeconds = endSeconds;
        this.offered = new int[endSeconds];
        this.good = new int[endSeconds];
        this.sent = new int[endSeconds];
        this.refused = new int[endSeconds];
    }

    void offered(long nowNanos) {
        count(offered, nowNanos);
    }

    void sent(long nowNanos) {
        count(sent, nowNanos);
    }

    void refused(long nowNanos) {
        count(refused, nowNanos);
    }

    void ended(long intendedNanos, long nowNanos, boolean well) {
        long latency = nowNanos - intendedNanos;
        if (well && latency <= USEFUL_NANOS) {
            count(good, intendedNanos);
        }
        if (fromSeconds * SECOND <= intendedNanos && intendedNanos < untilSeconds * SECOND) {
            latencies[bucket(latency)]++;
            ended++;
        }
    }

    private static void count(int[] seconds, long nanos) {
        int second = (int) (nanos / SECOND);
        if (second < seconds.length) {
            seconds[second]++;
        }
    }

    private static int bucket(long nanos) {
        long micros = Math.max(FINE, nanos / 1000);
        int shift = 63 - Long.numberOfLeadingZeros(micros) - 5;
        return shift * FINE + (int) (micros >>> shift) - FINE;
    }

    private static double millis(int bucket) {
        return (double) ((long) (bucket % FINE + FINE) << (bucket / FINE)) / 1000;
    }

    double goodBefore() {
        return good(fromSeconds / 4, fromSeconds);
    }

    double goodDuring() {
        return good(fromSeconds, untilSeconds);
    }

    double goodAfter() {
        return good(untilSeconds, endSeconds);
    }

    /** Requests per second that were answered in time, of those that came in these seconds. */
    double good(int from, int until) {
        return (double) sum(good, from, until) / (until - from);
    }

    /** The share of the requests that came in these seconds. */
    double goodShare(int from, int until) {
        return (double) sum(good, from, until) / sum(offered, from, until);
    }

    /** Of the requests that came while something was wrong; infinite if that many never ended. */
    double latencyMillis(double quantile) {
        long rank = (long) Math.ceil(quantile * sum(offered, fromSeconds, untilSeconds));
        if (rank > ended) {
            return Double.POSITIVE_INFINITY;
        }
        int bucket = 0;
        for (long seen = latencies[0]; seen < rank; seen += latencies[bucket]) {
            bucket++;
        }
        return millis(bucket);
    }

    /** After how many seconds it served 90 % of its share from before, and went on doing so; or infinite. */
    double recoverySeconds() {
        double wanted = 0.9 * goodShare(fromSeconds / 4, fromSeconds);
        int second = endSeconds;
        while (second > untilSeconds && good[second - 1] >= wanted * offered[second - 1]) {
            second--;
        }
        return second == endSeconds ? Double.POSITIVE_INFINITY : second - untilSeconds;
    }

    /** What was refused while nothing was wrong, of all that was offered then, the first second included. */
    double shedHealthy() {
        return refusedShare(0, fromSeconds);
    }

    /** Refused calls in these seconds, for each request of theirs. */
    double refusedShare(int from, int until) {
        return (double) sum(refused, from, until) / sum(offered, from, until);
    }

    /** Calls sent to the dependency for each request, from the beginning of the fault on. */
    double load() {
        return (double) sum(sent, fromSeconds, endSeconds) / sum(offered, fromSeconds, endSeconds);
    }

    /** The same while something is wrong. */
    double loadDuring() {
        return (double) sum(sent, fromSeconds, untilSeconds) / sum(offered, fromSeconds, untilSeconds);
    }

    private static int sum(int[] counts, int from, int until) {
        return Arrays.stream(counts, from, until).sum();
    }

    @Override
    public String toString() {
        return "good=" + Arrays.toString(good) + " sent=" + Arrays.toString(sent) + " refused="
                + Arrays.toString(refused);
    }
}
