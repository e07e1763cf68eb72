package dev.resilience.engine;

/** The outcomes of the last seconds, let go one slot at a time. */
final class SlotWindow extends Window {
    /*
     * Calls only count up. The pulse alone keeps the ring, which knows what had been counted when the oldest slot began;
     * what the window holds is the sum now less that. Nothing is ever reset, so nothing can be lost in a reset.
     */
    private final Strategy.TimeWindow strategy;
    private final Share failureRate;
    private final StripedCounts counted = new StripedCounts();
    private final SlotRing ring;

    /** Written by the pulse, read by failing calls. */
    private volatile Counts oldest = Counts.NONE;

    SlotWindow(Strategy.TimeWindow strategy, long generation, long nowNanos) {
        super(generation);
        this.strategy = strategy;
        this.failureRate = Share.of(strategy.failureRate());
        this.ring = new SlotRing(strategy.window().toNanos(), strategy.slots(), nowNanos);
    }

    @Override
    Window next(long generation, long nowNanos) {
        return new SlotWindow(strategy, generation, nowNanos);
    }

    @Override
    void succeeded(long latencyNanos) {
        counted.addSuccess();
    }

    @Override
    void failed(long latencyNanos) {
        counted.addFailure();
    }

    @Override
    boolean isBreached() {
        // failures before successes: a sum taken while calls end shows a rate too low rather than too high
        Counts base = oldest;
        long failures = counted.failures();
        long calls = failures + counted.successes() - base.calls();
        return calls >= strategy.minimumCalls() && failureRate.isExceededBy(failures - base.failures(), calls);
    }

    @Override
    void moveOn(long nowNanos) {
        Counts sum = counted.sum();
        counted.grow(sum.calls() - ring.atLastPulse().calls(), nowNanos - ring.lastPulse());
        if (ring.moveOn(nowNanos, sum) > 0) {
            oldest = ring.oldest();
        }
    }

    @Override
    boolean isEmpty() {
        return counted.failures() + counted.successes() == oldest.calls();
    }

    private Counts held() {
        Counts base = oldest;
        return counted.sum().since(base);
    }

    @Override
    String counts() {
        return held() + " in " + text(strategy.window());
    }
}
