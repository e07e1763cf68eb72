package dev.resilience.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one policy over the last three hours, as far as they say what is usual. Takes 19 KB, whatever the number
 * of calls and targets. For one thread at a time.
 */
public final class Traffic {
    /*
     * Time is cut into panes of ten seconds, which is what a rate is taken over. What a pane saw is kept in a slice of a
     * quarter of an hour: how many calls took how long, to the bucket of Latencies. The oldest slice goes as a whole. Of
     * each pane the number of its calls is kept besides.
     *
     * A pane in which a breaker opened, or recovered, or a limit refused calls is set aside, with the one before it: a
     * target falls ill before that is noticed. So each pane waits for the next. What was counted while our own process
     * ran a pulse or more late is left out, and all of the pane if that is most of it. A call that was given up counts as
     * one that took longer than any other: nobody knows how long.
     */
    static final long PANE_NANOS = 10_000_000_000L;
    static final int PANES = 1080;
    private static final int SLICES = 12;
    private static final int PANES_PER_SLICE = PANES / SLICES;

    /** A pulse that is as late as its period has been missed. */
    private static final long LATE_NANOS = 100_000_000;

    /** Without a tenth of its time a pane says nothing of the rate. */
    private static final long LONG_STALL_NANOS = PANE_NANOS / 10;

    /** In place of the number of calls. */
    static final int NOT_SEEN = -1;

    static final int NOT_CLOSED = -2;
    static final int REFUSING = -3;
    static final int STALLED = -4;

    private final int[] calls = new int[PANES];
    private final @Nullable Slice[] slices = new Slice[SLICES];
    private final long origin;
    private Pane waiting = new Pane(-1, NOT_SEEN);
    private Pane pane = new Pane(0, 0);

    /** What was counted in some panes. */
    static final class Slice {
        private final long number;
        final int[] latencies = new int[Latencies.BUCKETS];
        long successes;
        long failures;
        long ticks;
        /** The sum over time of the calls in flight. */
        double inFlightNanos;

        int peak;
        int mostAtOnce;
        double worstFailures;

        Slice(long number) {
            this.number = number;
        }

        private void addPane(Slice other) {
            for (int bucket = 0; bucket < latencies.length; bucket++) {
                latencies[bucket] += other.latencies[bucket];
            }
            successes += other.successes;
            failures += other.failures;
            ticks += other.ticks;
            inFlightNanos += other.inFlightNanos;
            peak = Math.max(peak, other.peak);
            mostAtOnce = Math.max(mostAtOnce, other.mostAtOnce);
            long calls = other.successes + other.failures;
            if (calls >= Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS) {
                worstFailures = Math.max(worstFailures, (double) other.failures / calls);
            }
        }

        private void add(Counted counted) {
            counted.latencies().addTo(latencies);
            latencies[Latencies.BUCKETS - 1] += (int) counted.givenUp();
            successes += counted.successes() + counted.givenUp();
            failures += counted.failures();
            ticks++;
            inFlightNanos += (double) counted.inFlight() * counted.nanos();
            peak = Math.max(peak, counted.inFlight());
            mostAtOnce = Math.max(mostAtOnce, (int) Math.min(Integer.MAX_VALUE, counted.inFlight() + counted.ended()));
        }
    }

    private static final class Pane {
        private final long number;
        private final Slice counted = new Slice(-1);
        private long calls;
        private long lateTicks;

        /** Why it is set aside; 0 if it is not. */
        private int aside;

        Pane(long number, int aside) {
            this.number = number;
            this.aside = aside;
        }

        int value() {
            if (aside != 0) {
                return aside;
            }
            return lateTicks > counted.ticks ? STALLED : (int) Math.min(Integer.MAX_VALUE, calls);
        }
    }

    public Traffic(long nowNanos) {
        origin = nowNanos;
        Arrays.fill(calls, NOT_SEEN);
    }

    /** Adds what one breaker counted. */
    public void add(Counted counted) {
        boolean stalled = counted.nanos() > LONG_STALL_NANOS;
        moveOn(counted.nowNanos(), stalled);
        pane.calls += counted.ended() - counted.others() + counted.refusals();
        if (!counted.isClosed()) {
            pane.aside = NOT_CLOSED;
        } else if (counted.refusals() > 0) {
            pane.aside = REFUSING;
        } else if (stalled) {
            pane.aside = STALLED;
        } else if (counted.lateNanos() >= LATE_NANOS) {
            pane.lateTicks++;
        } else {
            pane.counted.add(counted);
        }
    }

    /** A breaker opened. */
    public void opened(long nowNanos) {
        moveOn(nowNanos, false);
        pane.aside = NOT_CLOSED;
    }

    /** What there is to judge by now. */
    public Seen seen(long nowNanos) {
        moveOn(nowNanos, false);
        List<Slice> kept = new ArrayList<>();
        for (Slice slice : slices) {
            if (slice != null && slice.number > sliceOf(pane.number) - SLICES) {
                kept.add(slice);
            }
        }
        return Seen.of(kept, calls.clone());
    }

    /** Panes in which nothing was counted are without calls, unless nobody could tell. */
    private void moveOn(long nowNanos, boolean stalled) {
        long number = (nowNanos - origin) / PANE_NANOS;
        int between = pane.aside != 0 ? pane.aside : stalled ? STALLED : 0;
        for (long next = Math.max(pane.number + 1, number - PANES); next <= number; next++) {
            if ((pane.aside == NOT_CLOSED || pane.aside == REFUSING) && waiting.aside == 0) {
                waiting.aside = pane.aside;
            }
            keep(waiting);
            waiting = pane;
            pane = new Pane(next, next == number ? 0 : between);
        }
    }

    private void keep(Pane done) {
        if (done.number < 0) {
            return;
        }
        int value = done.value();
        calls[(int) (done.number % PANES)] = value;
        if (value > 0) {
            long number = sliceOf(done.number);
            int index = (int) (number % SLICES);
            Slice slice = slices[index];
            if (slice == null || slice.number != number) {
                slice = new Slice(number);
                slices[index] = slice;
            }
            slice.addPane(done.counted);
        }
    }

    private static long sliceOf(long pane) {
        return pane / PANES_PER_SLICE;
    }
}
