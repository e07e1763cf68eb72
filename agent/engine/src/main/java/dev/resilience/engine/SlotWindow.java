package dev.resilience.engine;

/** The outcomes of the last seconds, let go one slot at a time. */
final class SlotWindow extends Window {
    /*
     * Calls only count up. The pulse alone keeps the ring, which knows what had been counted when the oldest slot began;
     * what the window holds is the sum now less that. Nothing is ever reset, so nothing can be lost in a reset.
     */
    private final Strategy.TimeWindow strategy;
    private final Share failureRate;
    private final SlowBound slowBound;
    private final StripedCounts counted = new StripedCounts();
    /** Slow calls, as failures to be fast; each is counted above as well. */
    private final StripedCounts slow = new StripedCounts();

    private final SlotRing ring;

    /** Written by the pulse, read by failing calls. */
    private volatile Counts oldest = Counts.NONE;

    SlotWindow(Strategy.TimeWindow strategy, long generation, long nowNanos) {
        super(generation);
        this.strategy = strategy;
        this.failureRate = Share.of(strategy.failureRate());
        this.slowBound = SlowBound.of(strategy.slowCalls());
        this.ring = new SlotRing(strategy.window().toNanos(), strategy.slots(), nowNanos);
    }

    @Override
    Window next(long generation, long nowNanos) {
        return new SlotWindow(strategy, generation, nowNanos);
    }

    @Override
    void succeeded(long latencyNanos) {
        counted.addSuccess();
        if (slowBound.isExceededBy(latencyNanos)) {
            slow.addFailure();
        }
    }

    @Override
    void failed(long latencyNanos) {
        counted.addFailure();
        if (slowBound.isExceededBy(latencyNanos)) {
            slow.addFailure();
        }
    }

    @Override
    boolean isBreached() {
        // in this order: what is read while calls end shows shares too low rather than too high
        Counts base = oldest;
        long late = slow.failures() - base.slow();
        long failures = counted.failures();
        long calls = failures + counted.successes() - base.calls();
        return calls >= strategy.minimumCalls()
                && (failureRate.isExceededBy(failures - base.failures(), calls) || slowBound.isExceededBy(late, calls));
    }

    @Override
    void moveOn(long nowNanos) {
        Counts sum = sum();
        slow.grow(sum.slow() - ring.atLastPulse().slow(), nowNanos - ring.lastPulse());
        counted.grow(sum.calls() - ring.atLastPulse().calls(), nowNanos - ring.lastPulse());
        if (ring.moveOn(nowNanos, sum) > 0) {
            oldest = ring.oldest();
        }
    }

    @Override
    long ended() {
        return slowBound.isNone() ? counted.failures() + counted.successes() : -1;
    }

    @Override
    boolean isEmpty() {
        return counted.failures() + counted.successes() == oldest.calls();
    }

    private Counts held() {
        Counts base = oldest;
        return sum().since(base);
    }

    /** In the order of {@link #isBreached}. */
    private Counts sum() {
        long late = slow.failures();
        long failures = counted.failures();
        return new Counts(failures, late, failures + counted.successes());
    }

    @Override
    String counts() {
        Counts held = held();
        return held + slowBound.text(held) + " in " + text(strategy.window());
    }
}
