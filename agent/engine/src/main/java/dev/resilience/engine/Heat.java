package dev.resilience.engine;

/** Whether so many calls come that it is enough to time one in many of them. Measured by the pulse, read by each call. */
final class Heat {
    /**
     * Where two clock reads of 25 ns for each call begin to cost more than half a percent of a processor; it is also where
     * one stripe of counters does not do any more. Each pulse then times 300 calls, in the mean.
     */
    private static final long HOT = 100_000;

    /** Half of that, so that a rate near the bound does not switch with each pulse. */
    private static final long COOL = HOT / 2;

    /** A burst of a tenth of a second is not worth a switch; slowness that begins is to be timed at once. */
    private static final int PULSES = 3;

    private static final double SECOND_NANOS = 1e9;

    private int pulses;
    private volatile boolean hot;

    boolean isHot() {
        return hot;
    }

    /** So many calls came in that time. */
    void measured(long calls, long nanos) {
        double rate = calls * SECOND_NANOS / Math.max(1, nanos);
        pulses = rate > (hot ? COOL : HOT) ? Math.min(PULSES, pulses + 1) : 0;
        boolean isHot = pulses == PULSES;
        if (isHot != hot) {
            hot = isHot;
        }
    }

    void cool() {
        measured(0, 1);
    }
}
