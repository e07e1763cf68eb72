package dev.resilience.engine;

import java.util.random.RandomGenerator;

/**
 * How long one open generation refuses.
 *
 * @param reopenings how many times in a row its probes had failed before
 * @param cause the counts that opened it
 */
record Wait(long generation, long since, long nanos, int reopenings, String cause) {
    /** Doubling more often than this changes nothing: 10 ms are then more than a day. */
    private static final int MOST_DOUBLINGS = 30;

    /** The generation is none: what it is followed by is the first wait. */
    static final Wait NONE = new Wait(-1, 0, 0, 0, "");

    /**
     * The wait of {@code generation}: doubled if it follows right on failed probes, else anew.
     *
     * <p>The spread is cut at {@code max-open-for}, not the drawn value: else half of a fleet that reached it would probe
     * in the same instant.
     */
    Wait next(BreakerConfig config, RandomGenerator random, long next, String why, long nowNanos) {
        boolean probesFailed = generation >= 0 && Word.generationAfter(generation, 2) == next;
        int doublings = probesFailed ? Math.min(reopenings + 1, MOST_DOUBLINGS) : 0;
        double most = config.maxOpenFor().toNanos();
        double base = Math.min(most, Math.scalb((double) config.openFor().toNanos(), doublings));
        double least = base * (1 - config.jitter());
        double spread = Math.min(most, base * (1 + config.jitter())) - least;
        return new Wait(next, nowNanos, (long) (least + spread * random.nextDouble()), doublings, why);
    }

    /** The same wait begun again. */
    Wait from(long nowNanos) {
        return new Wait(generation, nowNanos, nanos, reopenings, cause);
    }

    long leftNanos(long nowNanos) {
        return Math.max(0, nanos - Math.max(0, nowNanos - since));
    }
}
