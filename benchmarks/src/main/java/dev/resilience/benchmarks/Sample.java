package dev.resilience.benchmarks;

import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** The values of one figure, an iteration each. */
record Sample(List<Double> values) {
    boolean isEmpty() {
        return values.isEmpty();
    }

    double median() {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** Median, least and most. */
    @Override
    public String toString() {
        return isEmpty()
                ? "–"
                : figure(median()) + " (" + figure(Collections.min(values)) + "–" + figure(Collections.max(values))
                        + ")";
    }

    /** Three figures, which is more than it repeats. */
    static String figure(double value) {
        String format = value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }
}
