package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** How long a call of one key may take, learned from those that succeeded. Thread-safe. */
public final class AdaptiveDeadline {
    /*
     * The longest of: a second; four times the P99; twice the longest success there ever was; and, while it is tried, what
     * a call is given that may need more than any other did. It is a minute until a hundred successes are known.
     *
     * The P99 moves at each success that is longer by a factor, and at each that is not by a 99th of its logarithm (H.
     * Robbins and S. Monro, A stochastic approximation method, Annals of Mathematical Statistics 22, 1951): in balance
     * where one in a hundred is longer. Those that are not are nearly all, so one in SAMPLED moves it, as far as all of
     * them would have: calls of one key on many threads do not meet here.
     *
     * What a deadline cuts is never seen to succeed, so a rare kind of call that needs long would be cut for ever. So a
     * call cut in the midst of others that succeed, of which at least one began after half of its time, doubles what is
     * given to the next ones. Either one of those then shows what it needs, and that is remembered; or one is cut after a
     * minute as well, and was hung: then nothing is given beyond what was shown, and nothing tried for ten minutes, the
     * next time for twice as long. Of a target that answers nobody nothing is learned at all: those are the breaker's.
     */

    /** What is given until enough is known, and at most where more is only tried. */
    public static final long UNKNOWN_NANOS = 60_000_000_000L;

    /** What is given at least. */
    public static final long LEAST_NANOS = 1_000_000_000;

    /** What is less than this gives nobody more than a second. */
    public static final long MATTERS_NANOS = LEAST_NANOS / 4;

    /** How many successes are enough. */
    public static final int KNOWN = 100;

    private static final double TIMES = 4;
    private static final long TIMES_LONGEST = 2;

    /** So that it follows a shift within some hundreds of calls, and wavers by less than a tenth in between. */
    private static final double STEP = 0.05;

    private static final double SHARE = 0.01;
    private static final int SAMPLED = 16;
    private static final double DOWN = Math.exp(-STEP * SHARE / (1 - SHARE) * SAMPLED);
    private static final double UP = Math.exp(STEP);

    /** A call is cut in the midst of others if so many, at least, succeeded since the one before it was: one in 50. */
    private static final int OTHERS = 48;

    private static final long MUTE_NANOS = 600_000_000_000L;
    private static final long LONGEST_MUTE_NANOS = 86_400_000_000_000L;

    /** How fresh the begin of the latest success is kept. */
    private static final long FRESH_NANOS = 100_000_000;

    private static final VarHandle KNOWN_CALLS = handle("known", int.class);
    private static final VarHandle LONGEST = handle("longest", long.class);

    private volatile long nanos = UNKNOWN_NANOS;
    private volatile double slowest;
    private volatile long longest;
    private volatile int known;

    /** When a success began; none that is later by FRESH began since. */
    private volatile long begun;

    /** How many succeeded, about, since one was last cut. */
    private volatile int others;

    private volatile long tried;

    // guarded by this
    private long muteUntil;
    private long mute = MUTE_NANOS;

    public AdaptiveDeadline(long nowNanos) {
        this.begun = nowNanos;
        this.muteUntil = nowNanos;
    }

    /** What a call that begins now is given, in nanoseconds: a second or more. */
    public long nanos() {
        return nanos;
    }

    /** What that is measured by now, as text. */
    public String basis() {
        return known < KNOWN
                ? "successes=" + known + "/" + KNOWN
                : "p99=" + millis((long) slowest) + ", longest=" + millis(longest);
    }

    private static String millis(long nanos) {
        return (nanos + 999_999) / 1_000_000 + "ms";
    }

    /** A call succeeded; both on the clock of the others. */
    public void succeeded(long startNanos, long nowNanos) {
        long latency = Math.max(1, nowNanos - startNanos);
        if (startNanos - begun > FRESH_NANOS) {
            begun = startNanos;
        }
        if (latency > longest) {
            grow(latency);
        }
        if (known < KNOWN) {
            meet(latency);
        } else if ((double) latency > slowest) {
            slowest = slowest * UP;
            measure();
        } else if (isSampled(nowNanos)) {
            countOthers(SAMPLED);
            slowest = Math.max(1, slowest * DOWN);
            measure();
        }
    }

    /** A call succeeded that is not one of those by which the others are known, as nobody timed it; about how long it took. */
    public void tookLong(long nanos) {
        if (nanos > longest) {
            grow(nanos);
        }
    }

    /** A call was cut after {@code givenNanos}, which was its deadline. */
    public synchronized void cut(long givenNanos, long nowNanos) {
        boolean isAmongOthers = others >= OTHERS && begun - (nowNanos - givenNanos / 2) > 0;
        others = 0;
        if (known < KNOWN || givenNanos < nanos || !isAmongOthers) {
            return;
        }
        if (givenNanos >= UNKNOWN_NANOS) {
            tried = 0;
            muteUntil = nowNanos + mute;
            mute = Math.min(LONGEST_MUTE_NANOS, 2 * mute);
        } else if (nowNanos - muteUntil >= 0) {
            tried = Math.min(UNKNOWN_NANOS, 2 * givenNanos);
        }
        measure();
    }

    /** About: of two at once one may be lost. */
    private void countOthers(int succeeded) {
        int counted = others;
        others = counted + succeeded;
    }

    /** The first ones say it by their longest. */
    private void meet(long latency) {
        slowest = Math.max(slowest, (double) latency);
        countOthers(1);
        KNOWN_CALLS.getAndAdd(this, 1);
        measure();
    }

    private void grow(long latency) {
        long seen = longest;
        while (latency > seen && !LONGEST.compareAndSet(this, seen, latency)) {
            seen = longest;
        }
        if (latency > shown(seen)) {
            tried = 0;
        }
        measure();
    }

    private void measure() {
        nanos = Math.max(tried, shown(longest));
    }

    /** What was shown to be needed, or may be as far as is known. */
    private long shown(long longestNanos) {
        long least = known < KNOWN ? UNKNOWN_NANOS : Math.max(LEAST_NANOS, (long) (TIMES * slowest));
        return Math.max(least, TIMES_LONGEST * longestNanos);
    }

    /** By a hash of the time, as clocks have different grains, and calls a rhythm. */
    private static boolean isSampled(long nowNanos) {
        long mixed = nowNanos * 0x9e3779b97f4a7c15L;
        return ((mixed ^ (mixed >>> 32)) * 0xd6e8feb86659fd93L) >>> 60 == 0;
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), field, VarHandle.class, AdaptiveDeadline.class, type);
    }
}
