package dev.resilience.demo;

import java.util.List;
import java.util.Map;

/**
 * What one run through the script gave.
 *
 * @param spans what the receiver got, or nothing for the bare run
 * @param windows when each phase was
 */
record Run(
        String title, Calls calls, Visitors visitors, List<SeenSpan> spans, Map<Phase, Window> windows, Ending ending) {

    /** A stretch of wall-clock time, in nanoseconds since 1970. */
    record Window(long from, long to) {}

    /**
     * How the shop ended on SIGTERM.
     *
     * @param inFlight calls begun before it and not yet ended
     * @param answered how many of those were answered, by the service or by the policy
     * @param lost how many of those nobody ever heard of again
     * @param begunAfter calls begun after it
     * @param letThrough how many of those reached the service and were answered
     * @param millis from the signal to the end of the process
     */
    record Ending(int inFlight, int answered, int lost, int begunAfter, int letThrough, long millis, int exitCode) {}
}
