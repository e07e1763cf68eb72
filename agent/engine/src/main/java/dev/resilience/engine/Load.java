package dev.resilience.engine;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;

/** The calls in flight of one closed generation, what became of those that ended, and how many there may be. */
final class Load {
    /*
     * One calm stripe at first, which is what most guards ever need. The pulse of a busy one puts others in its place,
     * and its calls in flight on one of them, as the share of one that nobody asks again would stay on top of the limit;
     * what else was counted on it, or still is by a thread that holds it, counts on. The share of a stripe is the limit divided
     * by their number: a stripe below its share admits by itself, one above asks for the sum. With one stripe, so below
     * 100,000 calls a second, the limit is exact; with more, calls that all come on one stripe may leave the others'
     * shares on top. A call may end on another stripe than it began on, so one where more end than begin is below 0 and
     * says nothing: it asks too.
     *
     * A call that finds no place in the table does not count as in flight: it could never be written off.
     *
     * "quiet" is set by a pulse before it takes what was counted, and reset by the next call: while it stands, and nothing
     * is in flight, there is nothing to take.
     */
    private final long generation;
    private final CallTable table = new CallTable();
    private final AtomicInteger streak = new AtomicInteger();

    private final Stripe first = Stripe.calm();
    private volatile Stripe[] stripes = {first};
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
        int mine = own.enter();
        if ((mine > share || mine <= 0) && inFlight() > limit) {
            own.leave();
            own.refused();
            return Breaker.LIMITED;
        }
        long permit = table.claim(Permit.of(generation, nowNanos), index);
        if (Permit.place(permit) == CallTable.NONE) {
            own.leave();
        }
        return permit;
    }

    /** A call that was refused for another reason than the limit. */
    void refused() {
        own().refused();
    }

    /** Whether the call still counts; it does not if it was written off. */
    boolean leave(long permit) {
        if (Permit.place(permit) >= Permit.UNCOUNTED) {
            return true;
        }
        if (!table.release(permit)) {
            return false;
        }
        own().leave();
        return true;
    }

    void succeeded(long nanos) {
        own().succeeded(nanos);
        endStreak();
    }

    /** One that only brought about others. */
    void succeededUncounted() {
        own().ignored();
        endStreak();
    }

    /** As {@link #leave}, for a call that succeeded and was not timed. */
    boolean succeededUntimed(long permit) {
        Stripe own = own();
        if (Permit.place(permit) >= Permit.UNCOUNTED) {
            own.enter();
        } else if (!table.release(permit)) {
            return false;
        }
        own.succeededUntimed();
        endStreak();
        return true;
    }

    private void endStreak() {
        if (streak.get() != 0) {
            streak.set(0);
        }
    }

    /** Returns how many failed in a row, with this one. */
    int failed() {
        own().failed();
        return streak.incrementAndGet();
    }

    /** Those written off, if none succeeded meanwhile; returns how many failed in a row, with them. */
    int failedInARow(int calls) {
        return streak.addAndGet(calls);
    }

    void ignored() {
        own().ignored();
    }

    CallTable table() {
        return table;
    }

    int inFlight() {
        int sum = 0;
        Stripe[] all = stripes;
        for (Stripe each : all) {
            sum += each.inFlight();
        }
        return all[0] == first ? sum : sum + first.inFlight();
    }

    int limit() {
        return limit;
    }

    void limit(int most) {
        limit = most;
        share = most / stripes.length;
    }

    /** Whether no call began since it was set quiet, and none is under way. */
    boolean isQuiet() {
        return quiet && inFlight() == 0;
    }

    /** For the pulse to set, and the next call to reset. */
    void quiet(boolean isQuiet) {
        quiet = isQuiet;
    }

    boolean mayBeQuiet() {
        return quiet;
    }

    int takeFailures() {
        return sum(Stripe::takeFailures);
    }

    int takeIgnored() {
        return sum(Stripe::takeIgnored);
    }

    int takeRefusals() {
        return sum(Stripe::takeRefusals);
    }

    int takeUntimed() {
        return sum(Stripe::takeUntimed);
    }

    /** Returns the number of successes that were timed. */
    int takeLatencies(Sample into) {
        return sum(each -> each.takeLatencies(into));
    }

    private int sum(ToIntFunction<Stripe> part) {
        int sum = 0;
        Stripe[] all = stripes;
        for (Stripe each : all) {
            sum += part.applyAsInt(each);
        }
        return all[0] == first ? sum : sum + part.applyAsInt(first);
    }

    /** More room for what is counted, if so many calls in that time are too many for what there is. For the pulse. */
    void grow(long calls, long nanos) {
        Stripe[] now = stripes;
        boolean overrun = now[0] == first && calls > Stripe.RING;
        int wanted = Striping.grown(now.length, calls, nanos);
        if (overrun || wanted > now.length) {
            Stripe[] grown = Arrays.copyOf(now, wanted);
            for (int i = overrun ? 0 : now.length; i < wanted; i++) {
                grown[i] = Stripe.busy();
            }
            if (overrun) {
                grown[0].enter(first.takeInFlight());
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
