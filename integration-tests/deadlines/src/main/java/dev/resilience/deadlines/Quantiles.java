package dev.resilience.deadlines;

import java.util.Arrays;
import java.util.Locale;

/** Some quantiles of durations, in nanoseconds; {@link #NEVER} for what did not end. */
record Quantiles(long p50, long p99, long p999, long p9999, long max) {
    static final long NEVER = Long.MAX_VALUE;

    /** Of at least one duration. */
    static Quantiles of(long[] nanos) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        return new Quantiles(
                at(sorted, 0.5), at(sorted, 0.99), at(sorted, 0.999), at(sorted, 0.9999), sorted[sorted.length - 1]);
    }

    private static long at(long[] sorted, double quantile) {
        return sorted[Math.max(0, (int) Math.ceil(quantile * sorted.length) - 1)];
    }

    /** What is left of each when the same of the others is taken away. */
    Quantiles less(Quantiles others) {
        return new Quantiles(
                less(p50, others.p50),
                less(p99, others.p99),
                less(p999, others.p999),
                less(p9999, others.p9999),
                less(max, others.max));
    }

    private static long less(long nanos, long others) {
        return nanos == NEVER ? NEVER : nanos - others;
    }

    long of(double quantile) {
        return quantile == 0.99 ? p99 : p9999;
    }

    /** Cells of a table. */
    String cells() {
        return String.join(" | ", millis(p50), millis(p99), millis(p999), millis(p9999), millis(max));
    }

    static String millis(long nanos) {
        return nanos == NEVER ? "never" : String.format(Locale.ROOT, "%.2f", nanos / 1e6);
    }
}
