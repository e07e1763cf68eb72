package dev.resilience.engine;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/** The calls in flight of one closed generation, what became of those that ended, and how many there may be. */
final class Load {
    /*
     * Stripes are only ever added. The share of a stripe is the limit divided by their number: a stripe below its share
     * admits by itself, one above asks for the sum. With one stripe, which is what a guard has below 100,000 calls a
     * second, the limit is exact; with more, calls that all come on one stripe may leave the others' shares on top.
     *
     * "quiet" is set by a pulse that is about to take what was counted, and reset by the next call: while it stands, and
     * nothing is in flight, there is nothing to take.
     */
    private final long generation;
    private final CallTable table = new CallTable();
    private final AtomicInteger streak = new AtomicInteger();

    private volatile Stripe[] stripes = {new Stripe()};
    private volatile int limit;
    private volatile int share;
    private volatile boolean quiet;

    Load(long generation, int limit) {
        this.generation = generation;
        limit(limit);
    }

    long generation() {
        return generation;
    }

    /** Returns the permit of the call, or {@link Breaker#LIMITED}. */
    long enter(long nowNanos) {
        Stripe[] all = stripes;
        int index = Striping.ofThread(all.length);
        Stripe own = all[index];
        if (quiet) {
            quiet = false;
        }
        if (own.enter() > share && inFlight() > limit) {
            own.leave();
            own.refused();
            return Breaker.LIMITED;
        }
        return table.claim(Permit.of(generation, nowNanos), index);
    }

    /** A call that was refused for another reason than the limit. */
    void refused() {
        if (quiet) {
            quiet = false;
        }
        own().refused();
    }

    /** Whether the call still counts; it does not if it was written off. */
    boolean leave(long permit) {
        if (!table.release(permit)) {
            return false;
        }
        own().leave();
        return true;
    }

    void succeeded(long nanos) {
        own().succeeded(nanos);
        if (streak.get() != 0) {
            streak.set(0);
        }
    }

    /** Returns how many failed in a row, with this one. */
    int failed() {
        own().failed();
        return streak.incrementAndGet();
    }

    void ignored() {
        own().ignored();
    }

    CallTable table() {
        return table;
    }

    int inFlight() {
        int sum = 0;
        for (Stripe each : stripes) {
            sum += each.inFlight();
        }
        return sum;
    }

    int limit() {
        return limit;
    }

    void limit(int most) {
        limit = most;
        share = most / stripes.length;
    }

    /** Whether nothing happened since this was asked last, and nothing is under way. For the pulse. */
    boolean isQuiet() {
        boolean wasQuiet = quiet;
        quiet = true;
        return wasQuiet && inFlight() == 0;
    }

    /** Whether nothing happened since the pulse asked last, and nothing is under way. */
    boolean wasQuiet() {
        return quiet && inFlight() == 0;
    }

    int takeFailures() {
        int sum = 0;
        for (Stripe each : stripes) {
            sum += each.takeFailures();
        }
        return sum;
    }

    int takeIgnored() {
        int sum = 0;
        for (Stripe each : stripes) {
            sum += each.takeIgnored();
        }
        return sum;
    }

    int takeRefusals() {
        int sum = 0;
        for (Stripe each : stripes) {
            sum += each.takeRefusals();
        }
        return sum;
    }

    void takeLatencies(Sample into) {
        for (Stripe each : stripes) {
            each.takeLatencies(into);
        }
    }

    /** More stripes, if so many calls in that time are too many for those there are. For the pulse. */
    void grow(long calls, long nanos) {
        Stripe[] now = stripes;
        int wanted = Striping.grown(now.length, calls, nanos);
        if (wanted > now.length) {
            Stripe[] grown = Arrays.copyOf(now, wanted);
            for (int i = now.length; i < wanted; i++) {
                grown[i] = new Stripe();
            }
            stripes = grown;
            limit(limit);
        }
    }

    private Stripe own() {
        Stripe[] all = stripes;
        return all[Striping.ofThread(all.length)];
    }
}
