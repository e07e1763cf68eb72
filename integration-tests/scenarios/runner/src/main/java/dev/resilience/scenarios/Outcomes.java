package dev.resilience.scenarios;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The outcomes of one run, and what can be said of them. */
final class Outcomes {
    private static final long SECOND = 1_000_000_000L;
    private static final long STEP = 100_000_000L;
    private static final double RECOVERED = 0.95;
    private static final int NOT_A_FULL_SECOND = 20;

    private final List<Outcome> all;

    Outcomes(List<Outcome> outcomes) {
        this.all = outcomes.stream()
                .sorted(Comparator.comparingLong(Outcome::intendedNanos))
                .toList();
    }

    /** Requests per second that were answered well and in time, of those meant for {@code [from, to)}. */
    double goodput(char page, long from, long to) {
        return good(page, from, to) * 1e9 / (to - from);
    }

    /** The share of them; not a number when there were none. */
    double share(char page, long from, long to) {
        return (double) good(page, from, to) / of(page, from, to).count();
    }

    long errors(char page, long from, long to) {
        return of(page, from, to)
                .filter(one -> one.status() != 200 && one.status() != Outcome.OPEN)
                .count();
    }

    /** Requests still open at the end. */
    long open(char page, long from, long to) {
        return of(page, from, to).filter(one -> one.status() == Outcome.OPEN).count();
    }

    /** A quantile of the latencies of all, errors and open ones too, in milliseconds. */
    double millis(char page, long from, long to, double quantile) {
        long[] sorted =
                of(page, from, to).mapToLong(Outcome::latencyNanos).sorted().toArray();
        return sorted.length == 0 ? Double.NaN : at(sorted, quantile) / 1e6;
    }

    /** The 99th percentile of how late the generator itself was, in milliseconds. */
    double lagMillis() {
        long[] sorted = all.stream()
                .filter(one -> one.intendedNanos() >= 0)
                .mapToLong(Outcome::lagNanos)
                .sorted()
                .toArray();
        return sorted.length == 0 ? Double.NaN : at(sorted, 0.99) / 1e6;
    }

    /**
     * Seconds from {@code faultTo} until all is well: until the first tenth of a second after which, in each of two
     * seconds, 95 % of the requests are answered in time. Infinite when there is none before {@code end}.
     */
    double recovery(char page, long faultTo, long end) {
        for (long at = faultTo; at + 2 * SECOND <= end; at += STEP) {
            if (well(page, at) && well(page, at + SECOND)) {
                return (at - faultTo) / 1e9;
            }
        }
        return Double.POSITIVE_INFINITY;
    }

    private boolean well(char page, long from) {
        return of(page, from, from + SECOND).count() >= NOT_A_FULL_SECOND
                && share(page, from, from + SECOND) >= RECOVERED;
    }

    private long good(char page, long from, long to) {
        return of(page, from, to).filter(one -> one.good(Timing.GOOD_WITHIN)).count();
    }

    private Stream<Outcome> of(char page, long from, long to) {
        return all.stream()
                .filter(one -> one.page() == page && one.intendedNanos() >= from && one.intendedNanos() < to);
    }

    private static long at(long[] sorted, double quantile) {
        return sorted[Math.min(sorted.length - 1, (int) Math.ceil(quantile * sorted.length) - 1)];
    }
}
