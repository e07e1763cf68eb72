package dev.resilience.engine;

/** How many calls failed of how many that ended. */
record Counts(long failures, long calls) {
    static final Counts NONE = new Counts(0, 0);

    /** What was counted since {@code earlier}; right across the wrap of either counter. */
    Counts since(Counts earlier) {
        return new Counts(failures - earlier.failures, calls - earlier.calls);
    }

    @Override
    public String toString() {
        return "failures=" + failures + "/" + calls;
    }
}
