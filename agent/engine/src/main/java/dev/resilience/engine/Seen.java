package dev.resilience.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What {@link Traffic} knows at one time: the figures that a {@link Suggestion} is made of. */
public final class Seen {
    /*
     * A quantile is known to an interval, from order statistics: the number of calls above the true one is binomial,
     * whatever the distribution of latencies, so the ranks that it stays between with 95 % are known, and so are the
     * calls of these ranks, to the bucket, whose outer edges are taken.
     */
    private static final double EACH_SIDE = 0.025;

    private static final double Z = 1.96;

    /** With fewer, none of them may have been above the P99.9: 0.999 to the power of so many is EACH_SIDE. */
    static final long LEAST_CALLS = 3_688;

    /** Five minutes: 3,000 looks at the calls in flight, which is 0.1 % by the rule of three. */
    static final int LEAST_PANES = 30;

    private static final double ONE_IN_A_THOUSAND = 0.001;

    /** So much of all calls in flight is explained by how many come and how long they take, or else not all was seen. */
    private static final double LITTLE = 2;

    private final long[] latencies = new long[Latencies.BUCKETS];
    private final int[] panes;
    private final int[] rates;
    private long timed;
    private long successes;
    private long failures;
    private long ticks;
    private double inFlightNanos;
    private int peak;
    private int mostAtOnce;
    private double worstFailures;

    /**
     * A latency that is known to an interval, with 95 %.
     *
     * @param leastNanos below the true one, to the bucket
     * @param mostNanos above the true one, to the bucket
     */
    public record Interval(long leastNanos, long mostNanos) {}

    private Seen(int[] panes) {
        this.panes = panes;
        this.rates = Arrays.stream(panes).filter(calls -> calls >= 0).toArray();
    }

    static Seen of(List<Traffic.Slice> slices, int[] panes) {
        Seen seen = new Seen(panes);
        slices.forEach(seen::add);
        seen.timed = Arrays.stream(seen.latencies).sum();
        return seen;
    }

    private void add(Traffic.Slice slice) {
        for (int bucket = 0; bucket < latencies.length; bucket++) {
            latencies[bucket] += slice.latencies[bucket];
        }
        successes += slice.successes;
        failures += slice.failures;
        ticks += slice.ticks;
        inFlightNanos += slice.inFlightNanos;
        peak = Math.max(peak, slice.peak);
        mostAtOnce = Math.max(mostAtOnce, slice.mostAtOnce);
        worstFailures = Math.max(worstFailures, slice.worstFailures);
    }

    /** What is missing for a suggestion, each with what there is of it; empty if nothing is. */
    public List<String> missing() {
        List<String> missing = new ArrayList<>();
        if (timed < LEAST_CALLS) {
            missing.add(timed + " of " + LEAST_CALLS + " successful calls timed");
        }
        if (panesWithCalls() < LEAST_PANES) {
            missing.add(text(time(panesWithCalls())) + " of " + text(time(LEAST_PANES))
                    + " with calls and nothing amiss (set aside: " + aside() + ")");
        }
        if (missing.isEmpty() && tail().mostNanos() == Long.MAX_VALUE) {
            missing.add("the latency of more than one call in a thousand: they were given up, or took over "
                    + text(Duration.ofNanos(Latencies.leastOf(Latencies.BUCKETS - 1))));
        }
        return missing;
    }

    private int panesWithCalls() {
        return (int) Arrays.stream(rates).filter(calls -> calls > 0).count();
    }

    /** How long it looked, without what was set aside; in steps of ten seconds. */
    public Duration seenFor() {
        return time(rates.length);
    }

    /** The time with calls alone. */
    Duration busyFor() {
        return time(panesWithCalls());
    }

    /** What was set aside because a breaker was not closed. */
    public Duration notClosedFor() {
        return aside(Traffic.NOT_CLOSED);
    }

    /** What was set aside because a limit refused calls. */
    public Duration refusingFor() {
        return aside(Traffic.REFUSING);
    }

    /** What was set aside because our own process did not run. */
    public Duration stalledFor() {
        return aside(Traffic.STALLED);
    }

    /** What was set aside, and why, as text. */
    public String aside() {
        return text(notClosedFor()) + " around an open breaker, " + text(refusingFor())
                + " around refusals of a limit, " + text(stalledFor()) + " of our own stalls";
    }

    private Duration aside(int why) {
        return time(Arrays.stream(panes).filter(value -> value == why).count());
    }

    private static Duration time(long panes) {
        return Duration.ofNanos(panes * Traffic.PANE_NANOS);
    }

    static String text(Duration duration) {
        return duration.toMinutes() >= 10 ? duration.toMinutes() + "m" : duration.toSeconds() + "s";
    }

    /** Calls that succeeded or failed. */
    public long calls() {
        return successes + failures;
    }

    public long failures() {
        return failures;
    }

    /** Calls a second, on the average. */
    public double rate() {
        return Arrays.stream(rates).average().orElse(0) * 1e9 / Traffic.PANE_NANOS;
    }

    /** Calls a second, in the busiest ten. */
    public double peakRate() {
        return Arrays.stream(rates).max().orElse(0) * 1e9 / Traffic.PANE_NANOS;
    }

    public LoadShape shape() {
        return LoadShape.of(rates);
    }

    /** The latency that half of the successful calls exceed. */
    public Interval median() {
        return quantile(0.5);
    }

    /** The latency that one successful call in a hundred exceeds. */
    public Interval percentile99() {
        return quantile(0.01);
    }

    /** The latency that one successful call in a thousand exceeds. */
    public Interval tail() {
        return quantile(ONE_IN_A_THOUSAND);
    }

    private Interval quantile(double above) {
        long most = Binomial.few(timed, above, EACH_SIDE, Z);
        long least = Binomial.many(timed, above, EACH_SIDE, Z);
        int upper = bucket(most);
        return new Interval(
                least >= timed ? 0 : Latencies.leastOf(bucket(least)),
                upper == latencies.length - 1 ? Long.MAX_VALUE : Latencies.leastOf(upper + 1));
    }

    /** The bucket of the call that so many others exceed; the last one if fewer than none do. */
    private int bucket(long above) {
        int bucket = latencies.length - 1;
        for (long passed = latencies[bucket];
                above >= 0 && bucket > 0 && passed <= above;
                passed += latencies[bucket]) {
            bucket--;
        }
        return bucket;
    }

    /** The greatest number of calls of one target that any look, ten a second, found in flight. */
    public int peakInFlight() {
        return peak;
    }

    /** More calls than one target can have had in flight at any time between two looks. */
    public int mostInFlight() {
        return mostAtOnce;
    }

    /** The calls in flight of all targets together, averaged over the looks. */
    public double meanInFlight() {
        return inFlightNanos / nanos();
    }

    /** The same by Little's law: how many come, times how long they take. */
    public double meanByLittle() {
        double sum = 0;
        for (int bucket = 0; bucket < latencies.length; bucket++) {
            sum += (double) latencies[bucket] * Latencies.valueOf(bucket);
        }
        return timed == 0 ? 0 : sum / timed * successes / nanos();
    }

    private double nanos() {
        return Math.max(1, seenFor().toNanos());
    }

    /** Whether the two do not contradict each other; counts of a few calls may. */
    boolean agreesWithLittle() {
        double seen = meanInFlight();
        double expected = meanByLittle();
        return Math.max(seen, expected) < 1 || Math.max(seen, expected) <= LITTLE * Math.min(seen, expected);
    }

    /** The share of calls that may have found more than the peak in flight, with 95 %: the rule of three. */
    public double unseenPeaks() {
        return Math.min(1, 3.0 / Math.max(1, ticks));
    }

    /** The greatest share of failures that this traffic agrees with. */
    double mostFailures() {
        return 1 - Evidence.leastShare((double) successes, (double) calls(), Evidence.SURE);
    }

    /** The greatest share of successes slower than this that it agrees with, to the bucket. */
    double mostSlower(long nanos) {
        long slower = 0;
        for (int bucket = Latencies.bucketOf(nanos); bucket < latencies.length; bucket++) {
            slower += latencies[bucket];
        }
        return 1 - Evidence.leastShare((double) (timed - slower), (double) timed, Evidence.SURE);
    }

    /** The greatest share of failures in a pane with calls enough to judge. */
    public double worstFailures() {
        return worstFailures;
    }
}
