package dev.resilience.engine;

import java.util.Arrays;

/** How the rate of calls went, in panes of ten seconds. */
public enum LoadShape {
    /*
     * A spike is far out by Tukey's fence (Exploratory Data Analysis, 1977: three times the range of the middle half
     * beyond it), at least TWICE the median, as a target that has twice to do is what the engine calls congested, and no
     * chance: more than SURE standard deviations of a Poisson count over the median.
     *
     * Noisy is a squared coefficient of variation above ERRATIC, without the part that chance has in counts. The figure
     * divides smooth from erratic demand in Syntetos, Boylan and Croston, On the categorization of demand patterns,
     * Journal of the Operational Research Society 56 (2005).
     */
    /** Some panes stand far out of the others. */
    SPIKE,
    /** None stands far out, and they are much alike. */
    SUSTAINED,
    /** None stands far out, but they differ much. */
    NOISY;

    private static final double TWICE = 2;
    private static final double FENCE = 3;
    private static final double ERRATIC = 0.49;

    /** Of the calls in each pane, in any order. */
    static LoadShape of(int[] panes) {
        int[] sorted = panes.clone();
        Arrays.sort(sorted);
        double median = at(sorted, 0.5);
        double upper = at(sorted, 0.75);
        double fence = Math.max(
                upper + FENCE * (upper - at(sorted, 0.25)),
                Math.max(TWICE * median, median + Evidence.SURE * Math.sqrt(median)));
        if (at(sorted, 1) > fence) {
            return SPIKE;
        }
        double mean = Arrays.stream(sorted).average().orElse(0);
        double variance = Arrays.stream(sorted)
                .mapToDouble(calls -> (calls - mean) * (calls - mean))
                .average()
                .orElse(0);
        return variance - mean > ERRATIC * mean * mean ? NOISY : SUSTAINED;
    }

    private static double at(int[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.round(share * (sorted.length - 1))];
    }
}
