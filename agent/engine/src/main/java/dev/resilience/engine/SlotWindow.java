package dev.resilience.engine;

import java.util.Arrays;

/** The outcomes of the last seconds, let go one slot at a time. */
final class SlotWindow extends Window {
    /*
     * Calls only count up. The pulse alone keeps the ring: begun[slot] is what had been counted when that slot began,
     * so what the window holds is the sum now less what had been counted when its oldest slot began. Nothing is ever
     * reset, so nothing can be lost in a reset.
     *
     * What was counted since the previous pulse is dated by this one. A pulse that comes late therefore dates it later
     * than it was, never earlier: an outcome stays for at least the window less a slot, and leaves at most the lateness
     * too late. It is in one slot only, whatever the pulse skipped.
     */
    private final Strategy.TimeWindow strategy;
    private final Share failureRate;
    private final long slotNanos;
    private final StripedCounts counted = new StripedCounts();

    private final Counts[] begun;
    private Counts atLastPulse = Counts.NONE;
    private long lastPulse;
    private long intoSlot;
    private int slot;

    /** Written by the pulse, read by failing calls. */
    private volatile Counts oldest = Counts.NONE;

    SlotWindow(Strategy.TimeWindow strategy, long generation, long nowNanos) {
        super(generation);
        this.strategy = strategy;
        this.failureRate = Share.of(strategy.failureRate());
        this.slotNanos = strategy.window().toNanos() / strategy.slots();
        this.begun = new Counts[strategy.slots()];
        Arrays.fill(begun, Counts.NONE);
        this.lastPulse = nowNanos;
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
        // a clock that stepped back has lost us the time since; the next pulse goes on from there
        long elapsed = Math.max(0, nowNanos - lastPulse);
        intoSlot += elapsed;
        lastPulse = nowNanos;
        long passed = intoSlot / slotNanos;
        intoSlot %= slotNanos;
        for (long i = Math.min(passed, begun.length); i > 0; i--) {
            slot = (slot + 1) % begun.length;
            begun[slot] = atLastPulse;
        }
        if (passed > 0) {
            oldest = begun[(slot + 1) % begun.length];
        }
        Counts sum = counted.sum();
        counted.grow(sum.calls() - atLastPulse.calls(), elapsed);
        atLastPulse = sum;
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
