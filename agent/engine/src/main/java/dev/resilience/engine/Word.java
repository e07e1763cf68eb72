package dev.resilience.engine;

/**
 * The layout of a breaker's control word and of the permits it grants.
 *
 * <pre>
 * word    63..62 state   61..52 deny, 0 = admit all   51..42 granted   41..32 succeeded   31..22 failed   21..12 spare   11..0 generation
 * permit  63..52 generation   51..0 start, nanoseconds
 * </pre>
 */
final class Word {
    static final long CLOSED = 0;
    static final long OPEN = 1;
    static final long HALF_OPEN = 2;

    static final long ONE_GRANTED = 1L << 42;
    static final long ONE_SUCCEEDED = 1L << 32;
    static final long ONE_FAILED = 1L << 22;

    private static final long GENERATION = (1L << 12) - 1;
    private static final long COUNT = (1L << 10) - 1;
    private static final int START_BITS = 52;
    private static final long START = (1L << START_BITS) - 1;

    static long of(long state, long generation) {
        return (state << 62) | (generation & GENERATION);
    }

    /** Closed, and nothing denied. */
    static boolean admitsAll(long word) {
        return word >>> START_BITS == 0;
    }

    static long state(long word) {
        return word >>> 62;
    }

    static long granted(long word) {
        return (word >>> 42) & COUNT;
    }

    static long succeeded(long word) {
        return (word >>> 32) & COUNT;
    }

    static long failed(long word) {
        return (word >>> 22) & COUNT;
    }

    static long outstanding(long word) {
        return granted(word) - succeeded(word) - failed(word);
    }

    static long generation(long word) {
        return word & GENERATION;
    }

    /** The generation {@code distance} transitions after this one. */
    static long generationAfter(long word, int distance) {
        return (word + distance) & GENERATION;
    }

    /** Never {@link Breaker#REFUSED}: the one start that would be is written a nanosecond earlier. */
    static long permit(long word, long nowNanos) {
        long permit = (word << START_BITS) | (nowNanos & START);
        return permit == Breaker.REFUSED ? permit - 1 : permit;
    }

    static long generationOf(long permit) {
        return permit >>> START_BITS;
    }

    /** Signed, so that a start slightly after {@code nowNanos} is young, not 52 days old. */
    static long age(long permit, long nowNanos) {
        int unused = Long.SIZE - START_BITS;
        return ((nowNanos - permit) << unused) >> unused;
    }

    private Word() {}
}
