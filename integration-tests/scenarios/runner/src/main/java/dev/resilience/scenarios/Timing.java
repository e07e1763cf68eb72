package dev.resilience.scenarios;

import java.time.Duration;

/**
 * The clock of a run, in nanoseconds; it is zero when the warm-up is over.
 *
 * @param length until the last request; answers are taken for as long again as they are of use
 */
record Timing(long warmUp, long faultFrom, long faultTo, long length) {
    /** Later than this an answer is of no use. */
    static final long GOOD_WITHIN = Duration.ofMillis(500).toNanos();

    Timing {
        if (!(warmUp > 0 && faultFrom > 0 && faultTo > faultFrom && length > faultTo)) {
            throw new IllegalArgumentException("a fault must begin after the start and end before the end");
        }
    }

    long end() {
        return length + GOOD_WITHIN;
    }

    /** What a whole run takes, with the start of a JVM. */
    long wholeNanos() {
        return warmUp + end() + Duration.ofMillis(1_500).toNanos();
    }
}
