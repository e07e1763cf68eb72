package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** The calls in flight of one closed generation, what became of those that ended, and how many there may be. */
final class Load {
    /*
     * One calm stripe at first, which is what most guards ever need. The pulse of a busy one puts others in its place,
     * and its calls in flight on one of them, as the share of one that nobody asks again would stay on top of the limit;
     * what else was counted on it, or still is by a thread that holds it, counts on.
     *
     * Every call in flight has a place in the table, or in a lane once there is more than one stripe. While the table is
     * small, and the limit is not below what fits into both, no call can be one too many, and nothing else is counted. Otherwise calls are metered, that is counted on their
     * stripe as well. Whoever finds that this has to begin says so, and then meters those that are in the table; a
     * call that takes a place looks afterwards whether it has begun: so one of the two sees the other.
     *
     * The share of a stripe is the limit divided by their number: a stripe below its share admits by itself, one above
     * asks for the sum. With one stripe, so below 100,000 calls a second, the limit is exact; with more, calls that all
     * come on one stripe may leave the others' shares on top. A call may end on another stripe than it began on, so one
     * where more end than begin is below 0 and says nothing: it asks too.
     *
     * A call that finds no place in the table does not count as in flight: it could never be written off.
     *
     * "quiet" is set by a pulse before it takes what was counted, and reset by the next call: while it stands, and nothing
     * is in flight, there is nothing to take.
     */
    private enum Meter {
        OFF,
        /** Not all that are in flight are metered yet. */
        BEGINNING,
        ON
    }

    private static final int SMALL_WITH_LANES = CallTable.SMALL + Striping.MOST;

    private static final VarHandle METER = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "meter", VarHandle.class, Load.class, Meter.class);

    private final long generation;
    private final CallTable table = new CallTable();
    private final AtomicInteger streak = new AtomicInteger();

    private final Stripe first = Stripe.calm();
    private volatile Stripe[] stripes = {first};
    private volatile int limit;
    private volatile int share;
    private volatile Meter meter = Meter.OFF;
    private volatile long @Nullable [] lanes;
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
        long permit = Permit.of(generation, nowNanos);
        long[] own = lanes;
        if (own != null) {
            long placed = Lanes.claim(own, permit, Thread.currentThread().getId());
            if (placed != 0) {
                return meter == Meter.OFF ? placed : admit(placed, own().inFlight() + 1);
            }
        }
        Stripe[] all = stripes;
        int index = Striping.ofThread(all.length);
        if (meter == Meter.OFF) {
            long placed = table.claimIfSmall(permit, index);
            if (placed != 0 && meter == Meter.OFF) {
                return placed;
            }
            beginMetering();
            if (placed != 0) {
                return admit(placed, Integer.MAX_VALUE);
            }
        }
        return enterMetered(permit, all[index], index);
    }

    private long enterMetered(long permit, Stripe own, int index) {
        if (meter == Meter.BEGINNING) {
            beginMetering();
        }
        if (isOver(own.enter())) {
            own.leave();
            own.refused();
            return Breaker.LIMITED;
        }
        long placed = table.claimMetered(permit, index);
        if (Permit.place(placed) == CallTable.NONE) {
            own.leave();
        }
        if (meter == Meter.OFF && !table.isSmall()) {
            beginMetering();
        }
        return placed;
    }

    /** Of a call that is in flight already. */
    private long admit(long placed, int mine) {
        if (isOver(mine) && leave(placed)) {
            refused();
            return Breaker.LIMITED;
        }
        return placed;
    }

    private boolean isOver(int mine) {
        return (mine > share || mine <= 0) && inFlight() > limit;
    }

    private void beginMetering() {
        meter = Meter.BEGINNING;
        table.visit(permit -> {
            if (table.meter(permit)) {
                own().enter();
            }
        });
        METER.compareAndSet(this, Meter.BEGINNING, Meter.ON);
    }

    /** A call that was refused for another reason than the limit. */
    void refused() {
        own().refused();
    }

    /** Whether the call still counts; it does not if it was written off. */
    boolean leave(long permit) {
        if (Lanes.isIn(permit)) {
            long[] there = lanes;
            return there != null && Lanes.leave(there, permit);
        }
        CallTable.Held held = release(permit);
        if (held == CallTable.Held.METERED_CALL) {
            own().leave();
        }
        return held != CallTable.Held.NOTHING;
    }

    /** As {@link #leave}, of a call that did not end. */
    boolean writeOff(long permit) {
        long[] there = lanes;
        return (there != null && Lanes.isIn(permit)) ? Lanes.writeOff(there, permit) : leave(permit);
    }

    private CallTable.Held release(long permit) {
        return Permit.place(permit) >= Permit.UNCOUNTED ? CallTable.Held.CALL : table.release(permit);
    }

    /** For a call with a place in a lane; as {@link #leave} and {@link #succeeded}. */
    boolean succeededInLane(long permit, long nanos) {
        long[] there = lanes;
        boolean isCounted = there != null && Lanes.succeeded(there, permit, nanos);
        if (isCounted) {
            endStreak();
        }
        return isCounted;
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
        long[] there = lanes;
        if (there != null && Lanes.isIn(permit)) {
            if (!Lanes.succeededUntimed(there, permit)) {
                return false;
            }
        } else {
            CallTable.Held held = release(permit);
            if (held == CallTable.Held.NOTHING) {
                return false;
            }
            Stripe own = own();
            if (held == CallTable.Held.CALL) {
                own.enter();
            }
            own.succeededUntimed();
        }
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

    /** Passes on every permit of a call in flight that has a place; its generation may be missing. */
    void visit(LongConsumer visitor) {
        table.visit(visitor);
        long[] there = lanes;
        if (there != null) {
            Lanes.visit(there, visitor);
        }
    }

    int inFlight() {
        long[] there = lanes;
        return (there == null ? 0 : Lanes.size(there)) + (meter == Meter.OFF ? table.size() : metered());
    }

    private int metered() {
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
        share = most / stripes.length - (lanes == null ? 0 : 1);
        boolean fits = most >= (lanes == null ? CallTable.SMALL : SMALL_WITH_LANES);
        if (fits && table.isSmall()) {
            meter = Meter.OFF;
        }
        // the table may have grown in between
        if (meter != Meter.ON && !(fits && table.isSmall())) {
            beginMetering();
        }
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
        long[] there = lanes;
        return sum(Stripe::takeUntimed) + (there == null ? 0 : Lanes.takeUntimed(there));
    }

    /** Returns the number of successes that were timed. */
    int takeLatencies(Sample into) {
        long[] there = lanes;
        return sum(each -> each.takeLatencies(into)) + (there == null ? 0 : Lanes.takeLatencies(there, into));
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
        long[] there = lanes;
        if (there != null) {
            Lanes.share(there);
        }
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
            if (wanted > 1 && lanes == null) {
                if (limit < SMALL_WITH_LANES) {
                    beginMetering();
                }
                lanes = Lanes.create();
            }
            limit(limit);
        }
    }

    private Stripe own() {
        Stripe[] all = stripes;
        return all[Striping.ofThread(all.length)];
    }
}
