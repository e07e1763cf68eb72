package dev.resilience.engine;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before a call is made again: any time from none to a bound that doubles, so that callers which failed
 * together do not come back together.
 *
 * @param base the bound of the first wait, 1 ms to 1 m
 * @param most what the bound grows to, {@code base} to 1 h
 */
public record Backoff(Duration base, Duration most) {
    private static final int MOST_DOUBLINGS = 16;

    public Backoff {
        Rules.requireBetween("backoff", base, Rules.MILLISECOND, Duration.ofMinutes(1), "1ms to 1m");
        Rules.requireBetween("max-backoff", most, base, Rules.HOUR, "backoff to 1h");
    }

    /** The wait before this retry, of which the first is 1; no more than {@code left}. */
    public long nanos(int retry, long left, RandomGenerator random) {
        return random.nextLong(Math.min(ceilingNanos(retry), Math.max(0, left)) + 1);
    }

    long ceilingNanos(int retry) {
        int doublings = Math.min(MOST_DOUBLINGS, Math.max(0, retry - 1));
        return Math.min(most.toNanos(), base.toNanos() << doublings);
    }
}
