package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicLong;

/** The failures in a row; a success ends the row, and writes only if there is one. */
final class StreakWindow extends Window {
    private final Strategy.Consecutive strategy;
    private final AtomicLong streak = new AtomicLong();

    StreakWindow(Strategy.Consecutive strategy, long generation) {
        super(generation);
        this.strategy = strategy;
    }

    @Override
    Window next(long generation, long nowNanos) {
        return new StreakWindow(strategy, generation);
    }

    @Override
    void succeeded(long latencyNanos) {
        if (streak.get() != 0) {
            streak.set(0);
        }
    }

    @Override
    void failed(long latencyNanos) {
        streak.getAndIncrement();
    }

    @Override
    boolean isBreached() {
        return streak.get() >= strategy.failures();
    }

    @Override
    void moveOn(long nowNanos) {
        // a row has no age
    }

    @Override
    boolean isEmpty() {
        return streak.get() == 0;
    }

    @Override
    String counts() {
        return "failures=" + streak.get() + " in a row";
    }
}
