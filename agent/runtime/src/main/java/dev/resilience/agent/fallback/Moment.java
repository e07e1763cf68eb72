package dev.resilience.agent.fallback;

import java.time.Clock;
import java.util.concurrent.TimeUnit;

/**
 * What both clocks said at once: the one that only runs, and the one that tells the time and may be set.
 *
 * @param nanos on the scale of {@link System#nanoTime}
 * @param epochMillis the time of day
 */
public record Moment(long nanos, long epochMillis) {
    public static Moment now() {
        return new Moment(System.nanoTime(), Clock.systemUTC().millis());
    }

    /** With what the clock that only runs says already. */
    public static Moment at(long nanos) {
        return new Moment(nanos, Clock.systemUTC().millis());
    }

    /**
     * How long ago {@code earlier} was. The one clock stands still while the machine sleeps, the other may be put back:
     * the one that says more is believed, so that no age is told too low.
     */
    long millisSince(Moment earlier) {
        long ran = TimeUnit.NANOSECONDS.toMillis(nanos - earlier.nanos);
        long told = epochMillis - earlier.epochMillis;
        return Math.max(0, Math.max(ran, told));
    }
}
