package dev.resilience.engine;

/**
 * The layout of an adaptive breaker's permits: 63..52 generation, 51..38 place in the table of calls, 37..0 start in units
 * of 1,024 ns, which wraps after 78 hours.
 *
 * <p>The place is never 16383 and the start never 0, so that no permit is 0, {@link Breaker#REFUSED} or
 * {@link Breaker#LIMITED}.
 */
final class Permit {
    /** The place of a probe, which is in no table. */
    static final int PROBE = (1 << 14) - 3;

    /** The place of a call that is not counted as in flight, nor timed. */
    static final int UNCOUNTED = (1 << 14) - 4;

    private static final int UNIT_BITS = 10;
    private static final int START_BITS = 38;
    private static final int PLACE_BITS = 14;
    private static final int GENERATION_SHIFT = START_BITS + PLACE_BITS;
    private static final long START = (1L << START_BITS) - 1;
    private static final long PLACE = (1L << PLACE_BITS) - 1;

    static long of(long generation, long nowNanos) {
        long start = (nowNanos >> UNIT_BITS) & START;
        return (generation << GENERATION_SHIFT) | (start == 0 ? 1 : start);
    }

    static long at(long permit, int place) {
        return (permit & ~(PLACE << START_BITS)) | ((long) place << START_BITS);
    }

    static int place(long permit) {
        return (int) ((permit >>> START_BITS) & PLACE);
    }

    static long generation(long permit) {
        return permit >>> GENERATION_SHIFT;
    }

    /** Signed, so that a start slightly after {@code nowNanos} is young, not 78 hours old. */
    static long ageNanos(long permit, long nowNanos) {
        int unused = Long.SIZE - START_BITS;
        return (((nowNanos >> UNIT_BITS) - permit) << unused) >> unused << UNIT_BITS;
    }

    private Permit() {}
}
