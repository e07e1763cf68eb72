package dev.resilience.engine;

import java.time.Duration;

/** The outcomes that still count in one closed generation; the next closed generation has its own, empty. */
abstract sealed class Window
        permits StreakWindow, SlotWindow, CallWindow, EwmaWindow, PeriodWindow, SloWindow, JudgedWindow {
    private final long generation;

    Window(long generation) {
        this.generation = generation;
    }

    static Window of(Strategy strategy, long generation, long nowNanos) {
        if (strategy instanceof Strategy.Consecutive consecutive) {
            return new StreakWindow(consecutive, generation);
        }
        if (strategy instanceof Strategy.CountWindow countWindow) {
            return new CallWindow(countWindow, generation);
        }
        if (strategy instanceof Strategy.Ewma ewma) {
            return new EwmaWindow(ewma, generation);
        }
        if (strategy instanceof Strategy.TwoDimension twoDimension) {
            return new PeriodWindow(twoDimension, generation, nowNanos);
        }
        if (strategy instanceof Strategy.Slo slo) {
            return new SloWindow(slo, generation, nowNanos);
        }
        if (strategy instanceof Strategy.Foreign foreign) {
            return new JudgedWindow(foreign, generation, nowNanos);
        }
        return new SlotWindow((Strategy.TimeWindow) strategy, generation, nowNanos);
    }

    /** The window of a later closed generation: empty, but for what outlasts one. */
    abstract Window next(long generation, long nowNanos);

    final long generation() {
        return generation;
    }

    /** A call succeeded, this long after it was admitted. */
    abstract void succeeded(long latencyNanos);

    /** A call failed, this long after it was admitted. */
    abstract void failed(long latencyNanos);

    /** Whether what it holds is reason to trip. */
    abstract boolean isBreached();

    /** Lets go of what is too old. For the pulse alone. */
    abstract void moveOn(long nowNanos);

    /** Whether it holds nothing that could ever help to trip: then it need not be moved on, and may be forgotten. */
    boolean isEmpty() {
        return false;
    }

    /** How many calls ended in it, ever; -1 if it does not know, or if it has to know how long each took. */
    long ended() {
        return -1;
    }

    /** What decides, as text. */
    abstract String counts();

    static String text(Duration duration) {
        return duration.toMillisPart() == 0 ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
    }
}
