package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/** The last so many outcomes, exactly. */
final class CallWindow extends Window {
    /*
     * Each outcome draws a number and takes the cell of that number; a cell holds lap << 2 | slow << 1 | failed. It is
     * replaced by one CAS, which also says by how much the counts of failed and of slow calls change, so those counts are
     * always the sums of the cells plus additions on their way. A writer held up for a whole lap finds a younger outcome
     * in its cell and drops its own, which is no longer among the last. Laps begin at 1, over cells that say: lap 0,
     * neither.
     */
    private static final int LAP_SHIFT = 2;
    private static final int SLOW = 2;
    private static final int FAILED = 1;

    private final Strategy.CountWindow strategy;
    private final Share failureRate;
    private final SlowBound slowBound;
    private final AtomicLong ended = new AtomicLong();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicInteger slow = new AtomicInteger();
    private final AtomicIntegerArray cells;

    CallWindow(Strategy.CountWindow strategy, long generation) {
        super(generation);
        this.strategy = strategy;
        this.failureRate = Share.of(strategy.failureRate());
        this.slowBound = SlowBound.of(strategy.slowCalls());
        this.cells = new AtomicIntegerArray(strategy.calls());
    }

    @Override
    Window next(long generation, long nowNanos) {
        return new CallWindow(strategy, generation);
    }

    @Override
    void succeeded(long latencyNanos) {
        record(0, latencyNanos);
    }

    @Override
    void failed(long latencyNanos) {
        record(FAILED, latencyNanos);
    }

    private void record(int failed, long latencyNanos) {
        long number = ended.getAndIncrement();
        int cell = (int) (number % cells.length());
        int lap = (int) (number / cells.length()) + 1;
        write(cell, lap, failed | (slowBound.isExceededBy(latencyNanos) ? SLOW : 0));
    }

    /** Laps are compared by their difference: they may wrap. */
    void write(int cell, int lap, int outcome) {
        int written = (lap << LAP_SHIFT) | outcome;
        int found = cells.get(cell);
        while ((written | SLOW | FAILED) - (found | SLOW | FAILED) > 0) {
            int witness = cells.compareAndExchange(cell, found, written);
            if (witness == found) {
                change(failures, (written & FAILED) - (found & FAILED));
                change(slow, ((written & SLOW) - (found & SLOW)) / SLOW);
                return;
            }
            found = witness;
        }
    }

    private static void change(AtomicInteger count, int change) {
        if (change != 0) {
            count.getAndAdd(change);
        }
    }

    @Override
    boolean isBreached() {
        long calls = calls();
        return calls >= strategy.minimumCalls()
                && (failureRate.isExceededBy(failures.get(), calls) || slowBound.isExceededBy(slow.get(), calls));
    }

    @Override
    void moveOn(long nowNanos) {
        // outcomes leave as others come, however old they are
    }

    /** Outcomes here have no age, and never all leave; fast successes alone speak against nobody. */
    @Override
    boolean isEmpty() {
        return failures.get() == 0 && slow.get() == 0;
    }

    private long calls() {
        return Math.min(ended.get(), cells.length());
    }

    @Override
    long ended() {
        return slowBound.isNone() ? ended.get() : -1;
    }

    @Override
    String counts() {
        Counts held = new Counts(failures.get(), slow.get(), calls());
        return held + slowBound.text(held) + " of the last " + strategy.calls();
    }
}
