package dev.resilience.engine;

/**
 * The layout of an adaptive breaker's control word: 63..62 state, 61..52 deny in 1024ths (0 = admit all), 51 a probe may
 * start, 50 a probe is out, 49..44 probes that succeeded in a row, 43..38 that failed in a row, 11..0 generation.
 */
final class AdaptiveWord {
    private static final long OPEN = 1L << 62;
    private static final long RAMP = 2L << 62;
    private static final long STATE = 3L << 62;
    private static final long READY = 1L << 51;
    private static final long OUT = 1L << 50;
    private static final int SUCCEEDED = 44;
    private static final long SUCCESSES = 63L << SUCCEEDED;
    private static final int FAILED = 38;
    private static final long FAILURES = 63L << FAILED;
    /** Doubling 100 ms more often than this changes nothing. */
    private static final int MOST_FAILURES = 10;

    private static final long GENERATION = (1L << 12) - 1;
    private static final int DENY = 52;

    static long closed(long generation) {
        return generation & GENERATION;
    }

    static boolean admitsAll(long word) {
        return word >>> DENY == 0;
    }

    static boolean isClosed(long word) {
        return (word & STATE) == 0;
    }

    static boolean isOpen(long word) {
        return (word & STATE) == OPEN;
    }

    static boolean isRamp(long word) {
        return (word & STATE) == RAMP;
    }

    static long generation(long word) {
        return word & GENERATION;
    }

    private static long next(long word) {
        return (word + 1) & GENERATION;
    }

    static long open(long word) {
        return OPEN | next(word);
    }

    static boolean isReady(long word) {
        return (word & READY) != 0;
    }

    static boolean isOut(long word) {
        return (word & STATE) == OPEN && (word & OUT) != 0;
    }

    static int successes(long word) {
        return (int) ((word & SUCCESSES) >>> SUCCEEDED);
    }

    static int failures(long word) {
        return (int) ((word & FAILURES) >>> FAILED);
    }

    static long ready(long word) {
        return OPEN | READY | (word & (SUCCESSES | FAILURES)) | generation(word);
    }

    /** A probe leaves; a generation of its own makes any other's outcome stale. */
    static long granted(long word) {
        return OPEN | OUT | (word & (SUCCESSES | FAILURES)) | next(word);
    }

    /** The probe succeeded, and the next may start at once. */
    static long succeeded(long word) {
        return ready(word) + (1L << SUCCEEDED);
    }

    /** The probe failed or did not come back. */
    static long waiting(long word) {
        long failures = Math.min(MOST_FAILURES, failures(word) + 1L);
        return OPEN | (failures << FAILED) | next(word);
    }

    /** The probe did not come back, but one that took longer has, so that it may yet. */
    static long waitingForLate(long word) {
        return OPEN | (word & (SUCCESSES | FAILURES)) | next(word);
    }

    /** A probe that had been given up succeeded. */
    static long succeededLate(long word) {
        return isOut(word) ? word + (1L << SUCCEEDED) : succeeded(word);
    }

    static long ramp(long word, double share) {
        return RAMP | deny(share) | next(word);
    }

    static long admitting(long word, double share) {
        return RAMP | deny(share) | generation(word);
    }

    private static long deny(double share) {
        return Math.max(1, Math.round(1024 * (1 - share))) << DENY;
    }

    /** Spread evenly over calls by the time they come at. */
    static boolean denies(long word, long nowNanos) {
        long deny = (word >>> DENY) & 1023;
        return (nowNanos * 0x9E3779B97F4A7C15L) >>> (Long.SIZE - 10) < deny;
    }

    private AdaptiveWord() {}
}
