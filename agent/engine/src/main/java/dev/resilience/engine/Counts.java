package dev.resilience.engine;

/** How many calls failed, and how many were slow, of how many that ended. */
record Counts(long failures, long slow, long calls) {
    static final Counts NONE = new Counts(0, 0);

    Counts(long failures, long calls) {
        this(failures, 0, calls);
    }

    /** What was counted since {@code earlier}; right across the wrap of any counter. */
    Counts since(Counts earlier) {
        return new Counts(failures - earlier.failures, slow - earlier.slow, calls - earlier.calls);
    }

    @Override
    public String toString() {
        return "failures=" + failures + "/" + calls;
    }
}
