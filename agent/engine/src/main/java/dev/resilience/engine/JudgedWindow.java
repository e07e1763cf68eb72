package dev.resilience.engine;

import dev.resilience.spi.Interval;
import dev.resilience.spi.Judge;

/** What a judge that others wrote makes of the outcomes: calls count, and the pulse alone asks it. */
final class JudgedWindow extends Window {
    /*
     * Each call writes its latency, and one that failed a second counter after it; the pulse reads the second one first,
     * so that no more calls failed than ended.
     */
    private final Strategy.Foreign strategy;
    private final Judge judge;
    private final Latencies latencies = new Latencies();
    private final StripedCounts failed = new StripedCounts();
    private final Seen seen = new Seen();
    private long failedBefore;
    private long lastPulse;

    /** Written by the pulse. */
    private volatile boolean breached;

    private volatile boolean quiet = true;
    private volatile String counts = "no call ended";

    /** What the pulse found; one object for all of them, as the judge has it only while it judges. */
    private static final class Seen implements Interval {
        private final LatencyCounts latencies = new LatencyCounts();
        private long nanos;
        private long failures;

        @Override
        public long nanos() {
            return nanos;
        }

        @Override
        public long successes() {
            return latencies.calls() - failures;
        }

        @Override
        public long failures() {
            return failures;
        }

        @Override
        public long latencyNanos(double share) {
            return latencies.calls() == 0 ? 0 : latencies.quantileNanos(Share.of(share));
        }
    }

    JudgedWindow(Strategy.Foreign strategy, long generation, long nowNanos) {
        super(generation);
        this.strategy = strategy;
        this.judge = strategy.judges().get();
        this.lastPulse = nowNanos;
    }

    @Override
    Window next(long generation, long nowNanos) {
        return new JudgedWindow(strategy, generation, nowNanos);
    }

    @Override
    void succeeded(long latencyNanos) {
        latencies.add(latencyNanos);
    }

    @Override
    void failed(long latencyNanos) {
        latencies.add(latencyNanos);
        failed.addFailure();
    }

    @Override
    boolean isBreached() {
        return breached;
    }

    @Override
    void moveOn(long nowNanos) {
        long failedNow = failed.failures();
        seen.nanos = Math.max(0, nowNanos - lastPulse);
        seen.failures = failedNow - failedBefore;
        seen.latencies.clear();
        latencies.takeInto(seen.latencies, seen.nanos);
        failed.grow(seen.failures, seen.nanos);
        failedBefore = failedNow;
        lastPulse = nowNanos;
        boolean trips = judge.trips(seen);
        if (trips || seen.latencies.calls() > 0) {
            counts = judge.counts();
        }
        quiet = !trips && judge.isQuiet();
        breached = trips;
    }

    @Override
    boolean isEmpty() {
        return quiet && latencies.isTaken();
    }

    @Override
    String counts() {
        return counts;
    }
}
