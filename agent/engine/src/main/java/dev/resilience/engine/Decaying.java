package dev.resilience.engine;

/** How many of the calls of about the last so many seconds failed; the older, the less they count. For the pulse alone. */
final class Decaying {
    private final double nanos;
    private double failures;
    private double calls;

    Decaying(double nanos) {
        this.nanos = nanos;
    }

    void add(long failed, long ended, long elapsedNanos) {
        double kept = Math.exp(-elapsedNanos / nanos);
        failures = failures * kept + failed;
        calls = calls * kept + ended;
    }

    void clear() {
        failures = 0;
        calls = 0;
    }

    /** Whether less than one call is left of all. */
    boolean isForgotten() {
        return calls < 1;
    }

    boolean isMoreThan(double share) {
        return Evidence.leastShare(failures, calls, Evidence.SURE) > share;
    }

    @Override
    public String toString() {
        return "failures=" + Math.round(failures) + "/" + Math.round(calls) + " in about " + Math.round(nanos / 1e9)
                + "s";
    }
}
