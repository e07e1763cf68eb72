package dev.resilience.engine;

import java.time.Duration;
import java.util.Locale;

/** How much of its violation budget a latency objective uses up, and whether latency climbs. */
final class SloWindow extends Window {
    /*
     * "P99.9 over the objective" is exactly "more than 0.1 % of the calls exceeded it", so exceeding calls are counted;
     * a call that failed did not keep the objective either, however soon it did. Each call writes its latency, and one
     * that exceeds writes a second counter after it; the pulse reads the second one first, so that the share is too low
     * rather than too high while calls end.
     *
     * All else is the pulse's. Per slot of the short window in which calls ended, it looks whether the objective is
     * violated. Per slot of the long window it notes the percentile, and takes the slope of the line of least squares
     * through those there are, once they are as many as fill the short window: the line through two of them says nothing.
     */
    private final Strategy.Slo strategy;
    private final Share budget;
    private final Share percentile;
    private final long boundNanos;
    private final Latencies latencies = new Latencies();
    private final StripedCounts exceeded = new StripedCounts();

    private final SlotRing shortRing;
    private final SlotRing longRing;
    private final LatencyCounts slot = new LatencyCounts();
    /** Of the long window, nanoseconds; 0 where no call ended. The last one written is at {@code newest}. */
    private final long[] percentiles;

    private int newest;
    private long calls;
    private long callsWhenJudged;
    private double climb;
    private int running;

    /** Written by the pulse. */
    private volatile Verdict verdict = new Verdict(Counts.NONE, Counts.NONE, 0, 0, false);

    private record Verdict(Counts inShort, Counts inLong, double climb, int running, boolean breached) {}

    SloWindow(Strategy.Slo strategy, long generation, long nowNanos) {
        super(generation);
        this.strategy = strategy;
        this.budget = Share.of(strategy.budget());
        this.percentile = Share.of(1 - strategy.budget());
        this.boundNanos = strategy.slo().toNanos();
        this.shortRing = new SlotRing(strategy.shortWindow().toNanos(), strategy.slots(), nowNanos);
        this.longRing = new SlotRing(strategy.longWindow().toNanos(), strategy.slots(), nowNanos);
        this.percentiles = new long[strategy.slots()];
    }

    @Override
    Window next(long generation, long nowNanos) {
        return new SloWindow(strategy, generation, nowNanos);
    }

    @Override
    void succeeded(long latencyNanos) {
        latencies.add(latencyNanos);
        if (latencyNanos > boundNanos) {
            exceeded.addFailure();
        }
    }

    @Override
    void failed(long latencyNanos) {
        latencies.add(latencyNanos);
        exceeded.addFailure();
    }

    @Override
    boolean isBreached() {
        return verdict.breached;
    }

    @Override
    void moveOn(long nowNanos) {
        long exceededNow = exceeded.failures();
        long held = slot.calls();
        latencies.takeInto(slot, nowNanos - shortRing.lastPulse());
        exceeded.grow(exceededNow - shortRing.atLastPulse().failures(), nowNanos - shortRing.lastPulse());
        calls += slot.calls() - held;
        Counts now = new Counts(exceededNow, calls);

        int longSlots = longRing.moveOn(nowNanos, now);
        if (longSlots > 0) {
            note(longSlots);
        }
        boolean judging = shortRing.moveOn(nowNanos, now) > 0 && calls != callsWhenJudged;
        Counts inShort = now.since(shortRing.oldest());
        if (judging) {
            callsWhenJudged = calls;
            boolean violated = inShort.calls() >= strategy.minimumCalls()
                    && budget.isExceededBy(inShort.failures(), inShort.calls());
            running = violated ? running + 1 : 0;
        }
        boolean breached = judging
                && running >= strategy.violations()
                && climb > strategy.climb().toNanos();
        verdict = new Verdict(inShort, now.since(longRing.oldest()), climb, running, breached);
    }

    @Override
    boolean isEmpty() {
        return verdict.inLong.calls() == 0 && latencies.isTaken();
    }

    /** What a late pulse brought is of the last slot; those it skipped are empty. */
    private void note(int passed) {
        for (int i = 1; i < passed; i++) {
            newest = (newest + 1) % percentiles.length;
            percentiles[newest] = 0;
        }
        newest = (newest + 1) % percentiles.length;
        percentiles[newest] = slot.quantileNanos(percentile);
        slot.clear();
        climb = slope();
    }

    /** By how much the percentile rises, nanoseconds a minute; 0 while too little is known. */
    private double slope() {
        long slotNanos = strategy.longWindow().toNanos() / percentiles.length;
        double n = 0;
        double sumX = 0;
        double sumY = 0;
        double sumXx = 0;
        double sumXy = 0;
        for (int x = 0; x < percentiles.length; x++) {
            long y = percentiles[(newest + 1 + x) % percentiles.length];
            if (y != 0) {
                n++;
                sumX += x;
                sumY += y;
                sumXx += (double) x * x;
                sumXy += (double) x * y;
            }
        }
        if (n < 2 || n * slotNanos < strategy.shortWindow().toNanos()) {
            return 0;
        }
        double perSlot = (n * sumXy - sumX * sumY) / (n * sumXx - sumX * sumX);
        return perSlot * Duration.ofMinutes(1).toNanos() / slotNanos;
    }

    /** How many times faster than allowed the budget is used up. */
    private double burnRate(Counts counts) {
        return counts.calls() == 0 ? 0 : counts.failures() / (strategy.budget() * counts.calls());
    }

    @Override
    String counts() {
        Verdict last = verdict;
        return String.format(
                Locale.ROOT,
                "over %s=%d/%d in %s (burn rate %.1f), %d/%d in %s (burn rate %.1f), violations running=%d, climb=%.0fms/min",
                text(strategy.slo()),
                last.inShort.failures(),
                last.inShort.calls(),
                text(strategy.shortWindow()),
                burnRate(last.inShort),
                last.inLong.failures(),
                last.inLong.calls(),
                text(strategy.longWindow()),
                burnRate(last.inLong),
                last.running,
                last.climb / 1e6);
    }
}
