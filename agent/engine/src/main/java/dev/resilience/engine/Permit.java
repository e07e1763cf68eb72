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

    /** The first of the places that are lanes. */
    static final int LANE = 255 << 6;

    /** In a {@link CallTable}, where the generation is known: the call is metered. */
    static final long METERED = 1L << 52;

    private static final int UNIT_BITS = 10;
    private static final int START_BITS = 38;
    private static final int PLACE_BITS = 14;
    private static final int GENERATION_SHIFT = START_BITS + PLACE_BITS;
    private static final long START = (1L << START_BITS) - 1;
    private static final long PLACE = (1L << PLACE_BITS) - 1;
    private static final long WITHOUT_GENERATION = (1L << GENERATION_SHIFT) - 1;

    static long of(long generation, long nowNanos) {
        long start = (nowNanos >> UNIT_BITS) & START;
        return (generation << GENERATION_SHIFT) | (start == 0 ? 1 : start);
    }

    static long at(long permit, int place) {
        return (permit & ~(PLACE << START_BITS)) | ((long) place << START_BITS);
    }

    /** As it stands in a table: without its generation. */
    static long inTable(long permit) {
        return permit & WITHOUT_GENERATION;
    }

    /** Whether what stands in a table is this permit. */
    static boolean isOf(long permit, long inTable) {
        return inTable(permit ^ inTable) == 0;
    }

    static boolean isMetered(long inTable) {
        return (inTable & METERED) != 0;
    }

    static int place(long permit) {
        return (int) ((permit >>> START_BITS) & PLACE);
    }

    static long generation(long permit) {
        return permit >>> GENERATION_SHIFT;
    }

    /** In whole units; signed, so that a start slightly after {@code nowNanos} is young, not 78 hours old. */
    static long ageNanos(long permit, long nowNanos) {
        int unused = Long.SIZE - START_BITS - UNIT_BITS;
        return (nowNanos - (permit << UNIT_BITS)) << unused >> (unused + UNIT_BITS) << UNIT_BITS;
    }

    private Permit() {}
}
