package dev.resilience.engine;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** A moving average of failures: each outcome weighs less the more came after it. */
final class EwmaWindow extends Window {
    /*
     * One word, moved on by one CAS per outcome: the average as a fraction of 2^43, over how many outcomes there were,
     * up to as many as anyone asks for. The average is cut, not rounded, so successes bring it down to 0; from then on
     * they find nothing to change, and a target without failures costs no write.
     *
     * Until the outcomes are 1/alpha, all weigh the same. An average that began at 0 would take the first outcomes for
     * the continuation of a long success.
     */
    private static final int CALLS_BITS = 20;
    private static final long CALLS = (1L << CALLS_BITS) - 1;
    private static final double ONE = 1L << (Long.SIZE - 1 - CALLS_BITS);

    private final Strategy.Ewma strategy;
    private final long enough;
    private final AtomicLong word = new AtomicLong();

    EwmaWindow(Strategy.Ewma strategy, long generation) {
        super(generation);
        this.strategy = strategy;
        this.enough = Math.max(strategy.minimumCalls(), (long) Math.ceil(1 / strategy.alpha()));
    }

    @Override
    Window next(long generation, long nowNanos) {
        return new EwmaWindow(strategy, generation);
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
        long seen = word.get();
        for (long next = after(seen, failed); next != seen; next = after(seen, failed)) {
            long witness = word.compareAndExchange(seen, next);
            if (witness == seen) {
                return;
            }
            seen = witness;
        }
    }

    private long after(long seen, int failed) {
        long calls = Math.min(enough, calls(seen) + 1);
        double weight = Math.max(strategy.alpha(), 1.0 / (calls(seen) + 1));
        double average = average(seen) + weight * (failed - average(seen));
        return ((long) (average * ONE) << CALLS_BITS) | calls;
    }

    private static long calls(long word) {
        return word & CALLS;
    }

    private static double average(long word) {
        return (word >>> CALLS_BITS) / ONE;
    }

    @Override
    boolean isBreached() {
        long seen = word.get();
        return calls(seen) >= strategy.minimumCalls() && average(seen) > strategy.failureRate();
    }

    @Override
    void moveOn(long nowNanos) {
        // outcomes weigh less as others come, however old they are
    }

    /** Successes alone speak against nobody. */
    @Override
    boolean isEmpty() {
        return average(word.get()) == 0;
    }

    @Override
    String counts() {
        long seen = word.get();
        String calls = calls(seen) < enough ? " of " + calls(seen) + " calls" : "";
        return String.format(Locale.ROOT, "failures=%.1f%%%s, alpha=%s", 100 * average(seen), calls, strategy.alpha());
    }
}
