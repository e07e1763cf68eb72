package dev.resilience.demo;

import java.util.Arrays;

/** A bag of durations, and its quantiles. Not thread-safe. */
final class Latencies {
    private long[] micros = new long[256];
    private int size;

    void add(long duration) {
        if (size == micros.length) {
            micros = Arrays.copyOf(micros, size * 2);
        }
        micros[size++] = duration;
    }

    /** The quantile in milliseconds; 0 when there is nothing. */
    double millis(double quantile) {
        if (size == 0) {
            return 0;
        }
        long[] sorted = Arrays.copyOf(micros, size);
        Arrays.sort(sorted);
        return sorted[Math.min(size - 1, (int) (quantile * size))] / 1000.0;
    }

    String text(double quantile) {
        if (size == 0) {
            return "-";
        }
        double value = millis(quantile);
        return value < 10 ? String.format(java.util.Locale.ROOT, "%.1f", value) : Long.toString(Math.round(value));
    }
}
