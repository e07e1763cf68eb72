package dev.resilience.engine;

import java.time.Duration;

/** Failures and latency of one period after the other, and how many bad periods there were in a row. */
final class PeriodWindow extends Window {
    /*
     * Calls only count: each its latency, a failed one its failure, one over the bound that it was slow. The pulse judges
     * each period when it is over, from the differences. P90 over the bound is exactly "more than a tenth of the calls
     * took longer than the bound", so that is what is counted; the quantile itself, to the bucket, only teaches what is
     * usual.
     *
     * A call writes its latency before its failure or slowness and the pulse reads them in the other order, so a
     * period's shares come out too low rather than too high. The period that a late pulse ends is that much longer.
     */
    private static final Share TENTH = Share.of(0.1);
    private static final Share P90 = Share.of(0.9);

    private final Strategy.TwoDimension strategy;
    private final Share failureRate;
    private final Duration period;
    private final Latencies latencies = new Latencies();
    /** As failures; calls over the bound as failures to keep it. */
    private final StripedCounts failed = new StripedCounts();

    private final StripedCounts slow = new StripedCounts();
    private final LatencyCounts ended = new LatencyCounts();

    /** The pulse's own, as are those below. */
    private Usual usual;

    private boolean begun;
    private long lastPulse;
    private long intoPeriod;
    private long failuresBefore;
    private long lateBefore;

    /** Written by the pulse. */
    private volatile long boundNanos;

    private volatile Verdict verdict;

    /**
     * What outlasts a trip.
     *
     * @param trips how many there were so far
     * @param p90 the running mean of the P90 of periods without too many failures, nanoseconds
     * @param periods how many of those there were, as far as it matters
     */
    private record Usual(int trips, double p90, int periods) {
        static final Usual NOTHING = new Usual(0, 0, 0);
        /** The default of {@code ewma}. */
        private static final double WEIGHT = Strategy.Ewma.DEFAULT_ALPHA;

        Usual with(long p90Nanos) {
            double weight = Math.max(WEIGHT, 1.0 / (periods + 1));
            return new Usual(trips, p90 + weight * (p90Nanos - p90), (int) Math.min(periods + 1, 1 / WEIGHT));
        }

        Usual afterTrip() {
            return new Usual(trips + 1, p90, periods);
        }
    }

    /** Of the last period; {@code bad} is how many there were in a row, with that one. */
    private record Verdict(long failures, long late, long calls, long boundNanos, int bad) {}

    PeriodWindow(Strategy.TwoDimension strategy, long generation, long nowNanos) {
        this(strategy, Usual.NOTHING, generation);
        lastPulse = nowNanos;
        begun = true;
    }

    private PeriodWindow(Strategy.TwoDimension strategy, Usual usual, long generation) {
        super(generation);
        this.strategy = strategy;
        this.failureRate = Share.of(strategy.failureRate());
        this.usual = usual;
        this.period = usual.trips < strategy.shortPeriodAfter() ? strategy.period() : strategy.shortPeriod();
        this.boundNanos = bound();
        this.verdict = new Verdict(0, 0, 0, boundNanos, 0);
    }

    @Override
    Window next(long generation, long nowNanos) {
        return new PeriodWindow(strategy, isBreached() ? usual.afterTrip() : usual, generation);
    }

    @Override
    void succeeded(long latencyNanos) {
        latencies.add(latencyNanos);
        if (latencyNanos > boundNanos) {
            slow.addFailure();
        }
    }

    @Override
    void failed(long latencyNanos) {
        succeeded(latencyNanos);
        failed.addFailure();
    }

    @Override
    boolean isBreached() {
        return verdict.bad >= strategy.periods();
    }

    @Override
    void moveOn(long nowNanos) {
        // the window of a later generation is made while the breaker probes; its time begins once that is over
        intoPeriod += begun ? Math.max(0, nowNanos - lastPulse) : 0;
        begun = true;
        lastPulse = nowNanos;
        if (intoPeriod >= period.toNanos()) {
            judge();
            intoPeriod = 0;
        }
    }

    private void judge() {
        long failures = failed.failures();
        long late = slow.failures();
        ended.clear();
        latencies.takeInto(ended, intoPeriod);

        long calls = ended.calls();
        boolean enough = calls >= strategy.minimumCalls();
        boolean failing = failureRate.isReachedBy(failures - failuresBefore, calls);
        boolean bad = enough && failing && TENTH.isExceededBy(late - lateBefore, calls);
        verdict =
                new Verdict(failures - failuresBefore, late - lateBefore, calls, boundNanos, bad ? verdict.bad + 1 : 0);
        failed.grow(failures - failuresBefore, intoPeriod);
        slow.grow(late - lateBefore, intoPeriod);
        failuresBefore = failures;
        lateBefore = late;
        if (enough && !failing) {
            usual = usual.with(ended.quantileNanos(P90));
            boundNanos = bound();
        }
    }

    /** After a period without calls. What it has learned goes with a target that is forgotten. */
    @Override
    boolean isEmpty() {
        Verdict last = verdict;
        return last.calls == 0 && last.bad == 0 && latencies.isTaken();
    }

    private long bound() {
        long wanted = Math.round(usual.p90 * (1 + strategy.p90Margin()));
        return Math.max(strategy.p90().toNanos(), Math.min(strategy.maxP90().toNanos(), wanted));
    }

    @Override
    String counts() {
        Verdict last = verdict;
        return new Counts(last.failures, last.calls) + ", slower than " + text(Duration.ofNanos(last.boundNanos)) + "="
                + last.late + "/" + last.calls + ", bad periods of " + text(period) + " in a row=" + last.bad;
    }
}
