package dev.resilience.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings that fit what was seen of a policy's calls. Nobody applies them but whoever runs the application.
 *
 * @param shape under what load it was seen
 * @param deadline above the latency that one call in a thousand exceeds
 * @param concurrency above the number of calls of one target in flight
 * @param thresholds for a breaker with a window of ten seconds; null if this traffic fails so often that none would tell
 *     when it is ill
 * @param cut the share of calls that the deadline would have cut, at most, with 95 %
 * @param refused the share of calls that the limit would have refused, at most, with 95 %
 */
public record Suggestion(
        Mood mood,
        LoadShape shape,
        Sureness sureness,
        Duration deadline,
        int concurrency,
        Strategy.@Nullable TimeWindow thresholds,
        double cut,
        double refused) {
    /*
     * The deadline is the upper end of the P99.9's interval: a false timeout for one call in a thousand is what Amazon's
     * Builders' Library has for an example (M. Brooker, Timeouts, retries, and backoff with jitter), as is to keep away
     * from the median where the two are close. TWICE is what the engine calls congested: what takes less is well. The
     * conservative one adds the lateness of our own process that is not set aside.
     *
     * The limit is over what was in flight by SURE deviations of a Poisson count. The looks of the pulse miss what came
     * and went between two of them; the conservative one takes all that ended in between for simultaneous, and so does
     * the other where Little's law says that the looks found too few.
     *
     * The thresholds are for the default window and number of calls. Of that number, failures by chance exceed the
     * threshold once in the time that the mood says, if the true share of failures is the greatest that agrees with what
     * was seen, and each of ten looks a second is another chance. The worst ten seconds stay below it too; they lay in two
     * panes perhaps, so TWICE what the worst pane shows.
     */
    private static final int TWICE = 2;

    private static final long SLACK_NANOS = 100_000_000;
    private static final int CALLS = Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS;
    private static final double SENSELESS = 0.95;

    /** How much to trust it. */
    public enum Sureness {
        /** It will move as more is seen. */
        LOW,
        /** Seen for a quarter of an hour at least, and the P99.9 is known to a factor of two. */
        FAIR,
        /** Seen for an hour at least, and the P99.9 is known to a factor of one and a half. */
        GOOD;

        static Sureness of(Seen seen) {
            double factor =
                    (double) seen.tail().mostNanos() / Math.max(1, seen.tail().leastNanos());
            long minutes = seen.busyFor().toMinutes();
            if (!seen.agreesWithLittle()) {
                return LOW;
            }
            if (minutes >= 60 && factor <= 1.5) {
                return GOOD;
            }
            return minutes >= 15 && factor <= TWICE ? FAIR : LOW;
        }
    }

    /**
     * What fits, if nothing is {@link Seen#missing}.
     *
     * @param inForce the deadline that cuts calls already; what takes longer was never seen, so none below it is suggested
     */
    public static Suggestion of(Seen seen, Mood mood, @Nullable Duration inForce) {
        boolean isConservative = mood == Mood.CONSERVATIVE;
        long tail = seen.tail().mostNanos();
        long nanos = isConservative
                ? TWICE * tail + SLACK_NANOS
                : Math.max(tail, TWICE * seen.median().mostNanos());
        Duration deadline = rounded(nanos);
        if (inForce != null && inForce.compareTo(deadline) > 0) {
            deadline = inForce;
        }
        boolean isPeakSeen = !isConservative && seen.agreesWithLittle();
        int peak = isPeakSeen ? seen.peakInFlight() : seen.mostInFlight();
        double most = Math.max(ConcurrencyConfig.Adaptive.DEFAULT_MIN, peak + Evidence.SURE * Math.sqrt(peak));
        return new Suggestion(
                mood,
                seen.shape(),
                Sureness.of(seen),
                deadline,
                (int) Math.min(ConcurrencyConfig.MOST, twoDigits((long) Math.ceil(most))),
                thresholds(seen, mood, deadline),
                0.001,
                isPeakSeen ? seen.unseenPeaks() : 0);
    }

    private static Strategy.@Nullable TimeWindow thresholds(Seen seen, Mood mood, Duration deadline) {
        double failures = threshold(Math.min(1, seen.mostFailures() + 0.001), seen.worstFailures(), mood);
        if (failures >= SENSELESS) {
            return null;
        }
        Duration slow = rounded(TWICE * seen.percentile99().mostNanos());
        double slowRate = threshold(seen.mostSlower(slow.toNanos()), 0, mood);
        boolean isOfUse = slow.compareTo(deadline) < 0 && slowRate < SENSELESS;
        return new Strategy.TimeWindow(
                Strategy.TimeWindow.DEFAULT_WINDOW,
                Strategy.TimeWindow.DEFAULT_SLOTS,
                CALLS,
                failures,
                isOfUse ? new Strategy.SlowCalls(slow, slowRate) : null);
    }

    /** In whole percent. The default is not too low for anybody who wants to be left alone. */
    private static double threshold(double usual, double worst, Mood mood) {
        double byChance = (double) Binomial.many(CALLS, usual, mood.falseTrip(), 0) / CALLS;
        double least = mood == Mood.CONSERVATIVE ? Strategy.TimeWindow.DEFAULT_FAILURE_RATE : 1.0 / CALLS;
        return Math.ceil(100 * Math.max(least, Math.max(byChance, TWICE * worst))) / 100;
    }

    private static Duration rounded(long nanos) {
        return Duration.ofMillis(twoDigits(Math.max(1, (nanos + 999_999) / 1_000_000)));
    }

    /** The next number with no more than two digits before its zeros. */
    private static long twoDigits(long number) {
        long step = 1;
        while (number > 100 * step) {
            step *= 10;
        }
        return (number + step - 1) / step * step;
    }
}
