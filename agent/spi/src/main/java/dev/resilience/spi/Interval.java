package dev.resilience.spi;

/** The calls to one target that ended since its judge was last asked. Good until the judge returns. */
public interface Interval {
    /** How long that was: 100 ms as a rule, more after a pause of the process. */
    long nanos();

    long successes();

    long failures();

    /**
     * The latency that this share of the calls kept, right to 6.25 %; 0 if no call ended.
     *
     * @param share above 0 and at most 1, for example 0.9 for a P90
     */
    long latencyNanos(double share);
}
