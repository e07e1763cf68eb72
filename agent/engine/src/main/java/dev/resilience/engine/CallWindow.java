package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/** The last so many outcomes, exactly. */
final class CallWindow extends Window {
    /*
     * Each outcome draws a number and takes the cell of that number; a cell holds lap << 1 | failed. It is replaced by
     * one CAS, which also says by how much the count of failures changes, so that count is always the sum of the cells
     * plus additions on their way. A writer held up for a whole lap finds a younger outcome in its cell and drops its
     * own, which is no longer among the last. Laps begin at 1, over cells that say: lap 0, not failed.
     */
    private final Strategy.CountWindow strategy;
    private final Share failureRate;
    private final AtomicLong ended = new AtomicLong();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicIntegerArray cells;

    CallWindow(Strategy.CountWindow strategy, long generation) {
        super(generation);
        this.strategy = strategy;
        this.failureRate = Share.of(strategy.failureRate());
        this.cells = new AtomicIntegerArray(strategy.calls());
    }

    @Override
    Window next(long generation, long nowNanos) {
        return new CallWindow(strategy, generation);
    }

    @Override
    void succeeded(long latencyNanos) {
        record(0);
    }

    @Override
    void failed(long latencyNanos) {
        record(1);
    }

    private void record(int failed) {
        long number = ended.getAndIncrement();
        int cell = (int) (number % cells.length());
        int lap = (int) (number / cells.length()) + 1;
        write(cell, (lap << 1) | failed);
    }

    /** Laps are compared by their difference: they may wrap. */
    void write(int cell, int outcome) {
        int found = cells.get(cell);
        while ((outcome | 1) - (found | 1) > 0) {
            int witness = cells.compareAndExchange(cell, found, outcome);
            if (witness == found) {
                int change = (outcome & 1) - (found & 1);
                if (change != 0) {
                    failures.getAndAdd(change);
                }
                return;
            }
            found = witness;
        }
    }

    @Override
    boolean isBreached() {
        long calls = calls();
        return calls >= strategy.minimumCalls() && failureRate.isExceededBy(failures.get(), calls);
    }

    @Override
    void moveOn(long nowNanos) {
        // outcomes leave as others come, however old they are
    }

    /** Outcomes here have no age, and never all leave; successes alone speak against nobody. */
    @Override
    boolean isEmpty() {
        return failures.get() == 0;
    }

    private long calls() {
        return Math.min(ended.get(), cells.length());
    }

    @Override
    String counts() {
        return new Counts(failures.get(), calls()) + " of the last " + strategy.calls();
    }
}
