package dev.resilience.engine;

/** A share of a whole in billionths, so that 29 of 100 is exactly 29 % and not a rounding error more. */
record Share(long billionths) {
    private static final long WHOLE = 1_000_000_000;

    static Share of(double share) {
        return new Share(Math.round(share * WHOLE));
    }

    /** Strictly more; when all of them are, it is, whatever was rounded. Exact up to 9 billion calls. */
    boolean isExceededBy(long part, long whole) {
        return part * WHOLE > Math.min(billionths, WHOLE - 1) * whole;
    }

    /** As much or more. Exact up to 9 billion calls. */
    boolean isReachedBy(long part, long whole) {
        return part * WHOLE >= billionths * whole;
    }

    /** The least number that is this share of {@code whole}, at least one. Exact up to 9 billion calls. */
    long leastOf(long whole) {
        return Math.max(1, (billionths * whole + WHOLE - 1) / WHOLE);
    }

    /** The greatest number that is no more than this share of {@code whole}. Exact up to 9 billion. */
    long mostOf(long whole) {
        return billionths * whole / WHOLE;
    }
}
