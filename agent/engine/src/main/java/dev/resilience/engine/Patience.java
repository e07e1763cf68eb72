package dev.resilience.engine;

/** After how long a call that does not end counts as failed, learned from those that end. For the pulse, but for two. */
final class Patience {
    private static final long UNKNOWN_NANOS = 60_000_000_000L;
    static final long LEAST_NANOS = 1_000_000_000;
    private static final double TIMES = 4;
    private static final long KNOWN = 100;

    /** The first calls to end are the fastest: until so many times as are in flight have ended, nothing is known. */
    private static final int MANY_TIMES = 4;

    private volatile long nanos = UNKNOWN_NANOS;

    /** How long the longest call took that was answered after it had been given up, since a pulse; 0 if none was. */
    private volatile long latest;

    /** A latency that one call in a hundred exceeds; 0 if none is known. */
    private double slowest;

    private long known;
    private boolean isKnown;

    /** Read by anybody. */
    long nanos() {
        return nanos;
    }

    /** By whichever call it was. */
    void answeredLate(long ageNanos) {
        latest = Math.max(latest, ageNanos);
    }

    void learn(Sample fresh, int inFlight) {
        if (fresh.size() > 0) {
            known += fresh.size();
            double excess = fresh.above(slowest) - 0.01 * fresh.size();
            slowest = slowest == 0
                    ? 2 * fresh.median()
                    : slowest * Math.exp(Math.max(-0.5, Math.min(0.5, 0.05 * excess)));
            isKnown = isKnown || known >= Math.max(KNOWN, MANY_TIMES * (long) inFlight);
            measure();
        }
    }

    /** Twice as long a patience at most, as a single answer may come from who knows where. */
    void learnLate() {
        double late = (double) latest;
        if (late > 0) {
            latest = 0;
            slowest = Math.max(slowest, Math.min(late, 2 * Math.max(slowest, LEAST_NANOS / TIMES)));
            measure();
        }
    }

    private void measure() {
        if (isKnown) {
            nanos = Math.min(UNKNOWN_NANOS, Math.max(LEAST_NANOS, (long) (TIMES * slowest)));
        }
    }

    /** After how long a probe is given up: it need not wait for more than it is to tell, nor for longer than this. */
    long ofProbeNanos(long leastNanos) {
        return slowest == 0 ? LEAST_NANOS : Math.min(LEAST_NANOS, Math.max(leastNanos, (long) (TIMES * slowest)));
    }
}
