package dev.resilience.engine;

/**
 * What an adaptive breaker counted between two pulses.
 *
 * @param nowNanos when the later one was
 * @param nanos how long it was since the earlier one
 * @param lateNanos how late pulses came of late: how long our own process may have held up these calls
 * @param successes calls that succeeded
 * @param failures calls that failed
 * @param others calls that ended otherwise
 * @param givenUp calls that were given up
 * @param refusals calls refused by the limit, or while few are let through after an outage
 * @param inFlight calls in flight now
 * @param isClosed whether all calls are let through, up to the limit
 * @param latencies of the successes, or of most of them
 */
public record Counted(
        long nowNanos,
        long nanos,
        long lateNanos,
        long successes,
        long failures,
        long others,
        long givenUp,
        long refusals,
        int inFlight,
        boolean isClosed,
        Sample latencies) {

    long ended() {
        return successes + failures + others + givenUp;
    }
}
