package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Trace;
import dev.resilience.instrumentation.api.Call;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The calls in flight of the guards that enforce, and whether more may begin. */
final class InFlight {
    /*
     * Segments of slots; a slot holds null, a Call, or an Aged reference to one. A call claims a slot by one CAS from
     * null, probing from a place of its thread's own, and frees it by a CAS from what stands there. Segments are only
     * added, under the lock, and found again by number.
     *
     * A call that its caller dropped must not stay here for ever, yet a weak reference for each call would be an
     * allocation for each call. So the sweep, once a second, turns references that are older than OLD into weak ones:
     * only long calls pay for it, and the slot, permit and trace of a collected call are given back then.
     *
     * Beside each slot stands when the deadline of its call is over, so that the timer need not look at every call: the
     * call writes it once it has the slot, and takes it back before it frees it, so what stands there is never that of a
     * call before. Where nothing stands yet, and where it seems to be over, the call itself is asked.
     *
     * begin() claims before it looks at "closed", and close() sets "closed" before anyone counts: either the call sees
     * that it may not begin, or the count sees the call. Until "over", which is set the same way before anyone cuts,
     * calls that continue work begin all the same.
     */
    private static final int SEGMENT = 256;
    private static final int MAX_SEGMENTS = 4096;
    private static final int PROBES = 16;
    static final long OLD_NANOS = 30_000_000_000L;

    /** A call old enough that its caller may have dropped it, and what it owes if so. */
    private static final class Aged extends WeakReference<Call> {
        private final Object guard;
        private final long permit;
        private final @Nullable Object trace;
        private final int limits;
        private final long placed;

        Aged(Call call, Object guard) {
            super(call);
            this.guard = guard;
            this.permit = call.permit();
            this.trace = call.attachment() instanceof Trace told ? told : null;
            this.limits = call.limits();
            this.placed = call.placed();
        }
    }

    /** Slots, and beside each when the deadline of its call is over; 0 where that is not known. */
    private static final class Segment extends AtomicReferenceArray<Object> {
        private static final long serialVersionUID = 1;

        /** A class of its own, as its making would be paid by every start of every application. */
        private static final class Cells {
            static final VarHandle OF = MethodHandles.arrayElementVarHandle(long[].class);
        }

        private final long[] deadlines = new long[SEGMENT];

        Segment() {
            super(SEGMENT);
        }

        long deadline(int index) {
            return (long) Cells.OF.getOpaque(deadlines, index);
        }

        void deadline(int index, long deadline) {
            Cells.OF.setOpaque(deadlines, index, deadline);
        }

        boolean tryFree(int index, Object there) {
            deadline(index, 0);
            return compareAndSet(index, there, null);
        }

        /** By another than the owner of the slot, who may be gone by now. */
        boolean moveDeadline(int index, long seen, long deadline) {
            return Cells.OF.compareAndSet(deadlines, index, seen, deadline);
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final LongAdder unlisted = new LongAdder();
    private volatile Segment[] segments = {new Segment()};
    private volatile Cause.@Nullable Drain drain;
    private volatile boolean closed;
    private volatile boolean over;

    /** Whether this call may begin; it is only asked what it is when others may not. */
    boolean mayBegin(Call call) {
        return !closed || (!over && call.continuesWork());
    }

    /** From now on nothing begins but what continues work under way. */
    void close() {
        if (drain == null) {
            drain = new Cause.Drain(Pulse.timeOfDayNanos());
        }
        closed = true;
    }

    /** From now on nothing begins. */
    void endWork() {
        over = true;
        close();
    }

    /** What keeps calls from beginning; null while nothing does. */
    Cause.@Nullable Drain drain() {
        return drain;
    }

    /** Lists a call; false when it may not begin any more. The call is not listed then. */
    boolean begin(Call call) {
        claim(call);
        if (!mayBegin(call)) {
            end(call);
            return false;
        }
        return true;
    }

    /** The deadline of a listed call is sooner than it was; one that is later is found out when the old one is over. */
    void sooner(Call call) {
        int slot = call.slot();
        if (slot >= 0) {
            Segment segment = segments[slot / SEGMENT];
            int index = slot % SEGMENT;
            long deadline = call.deadline();
            long seen = segment.deadline(index);
            while (seen > deadline && !segment.moveDeadline(index, seen, deadline)) {
                seen = segment.deadline(index);
            }
        }
    }

    /** Whoever waits for a listed call looks for its deadline itself: it need be found only so much later. */
    void later(Call call, long nanos) {
        int slot = call.slot();
        long deadline = call.deadline();
        if (slot >= 0 && deadline != DeadlineTimer.NEVER) {
            Segment segment = segments[slot / SEGMENT];
            int index = slot % SEGMENT;
            if (segment.moveDeadline(index, deadline, deadline + nanos) && !holds(segment.get(index), call)) {
                segment.moveDeadline(index, deadline + nanos, deadline); // it has ended, and another has its place
            }
        }
    }

    /** Takes the call off the list, if it is there. */
    void end(Call call) {
        int slot = call.slot();
        if (slot < 0) {
            return;
        }
        call.slot(-1);
        Segment segment = segments[slot / SEGMENT];
        int index = slot % SEGMENT;
        Object there = segment.get(index);
        while (holds(there, call) && !segment.tryFree(index, there)) {
            there = segment.get(index);
        }
    }

    /** How many calls are listed; exact when none begins or ends meanwhile. */
    int count() {
        int count = 0;
        Segment[] all = segments;
        for (int s = 0; s < all.length; s++) {
            Segment segment = all[s];
            for (int i = 0; i < SEGMENT; i++) {
                if (segment.getPlain(i) != null) {
                    count++;
                }
            }
        }
        return count;
    }

    /** How many calls ran unlisted because the table was full: those cannot be drained. */
    long unlisted() {
        return unlisted.sum();
    }

    /** Shows every listed call that still has a holder. */
    void forEach(Consumer<Call> visitor) {
        Segment[] all = segments;
        for (int s = 0; s < all.length; s++) {
            Segment segment = all[s];
            for (int i = 0; i < SEGMENT; i++) {
                Object there = segment.get(i);
                Call call = there == null ? null : callOf(there);
                if (call != null) {
                    visitor.accept(call);
                }
            }
        }
    }

    /**
     * Shows every listed call whose deadline is over by {@code now}, and returns when the first of the others is. A call
     * that is shown has another deadline afterwards, or is shown again.
     */
    long firstDeadline(long now, Consumer<Call> due) {
        long first = DeadlineTimer.NEVER;
        Segment[] all = segments;
        for (int s = 0; s < all.length; s++) {
            Segment segment = all[s];
            for (int i = 0; i < SEGMENT; i++) {
                Object there = segment.get(i);
                if (there != null) {
                    long deadline = segment.deadline(i);
                    first = Math.min(first, deadline > now ? deadline : deadlineOf(segment, i, there, now, due));
                }
            }
        }
        return first;
    }

    private static long deadlineOf(Segment segment, int index, Object there, long now, Consumer<Call> due) {
        long seen = segment.deadline(index);
        Call call = callOf(there);
        if (call == null || call.isSettled()) {
            return DeadlineTimer.NEVER;
        }
        if (call.deadline() <= now) {
            due.accept(call);
        }
        long deadline = call.deadline();
        if (deadline <= now) {
            return DeadlineTimer.NEVER;
        }
        if (seen != 0) {
            segment.moveDeadline(index, seen, deadline);
        }
        return deadline;
    }

    private static @Nullable Call callOf(Object there) {
        return there instanceof Aged aged ? aged.get() : (Call) there;
    }

    /** Lets go of old calls, and gives back what collected ones owe. */
    void sweep(long nowNanos) {
        Segment[] all = segments;
        for (int s = 0; s < all.length; s++) {
            Segment segment = all[s];
            for (int i = 0; i < SEGMENT; i++) {
                Object there = segment.get(i);
                if (there instanceof Call call) {
                    hold(call.guard());
                    age(segment, i, call, nowNanos);
                } else if (there instanceof Aged aged) {
                    hold(aged.guard);
                    if (aged.get() == null && segment.tryFree(i, aged)) {
                        ((TargetGuard) aged.guard)
                                .settleAbandoned(aged.permit, aged.trace, aged.limits, aged.placed, nowNanos);
                    }
                }
            }
        }
    }

    /** A guard does not leave while a call of it is listed. */
    private static void hold(@Nullable Object guard) {
        if (guard instanceof TargetGuard held) {
            held.hold();
        }
    }

    private static void age(Segment segment, int index, Call call, long nowNanos) {
        Object guard = call.guard();
        if (guard instanceof TargetGuard && nowNanos - call.startNanos() > OLD_NANOS && !call.isSettled()) {
            segment.compareAndSet(index, call, new Aged(call, guard));
        }
    }

    private void claim(Call call) {
        int start = (int) ((Thread.currentThread().getId() * 0x9e3779b9L) >>> 8) & (SEGMENT - 1);
        int searched = 0;
        while (true) {
            Segment[] all = segments;
            for (int s = searched; s < all.length; s++) {
                if (claim(call, all[s], s, start)) {
                    return;
                }
            }
            searched = all.length;
            if (!grow(all)) {
                unlisted.increment();
                return;
            }
        }
    }

    private static boolean claim(Call call, Segment segment, int number, int start) {
        for (int probe = 0; probe < PROBES; probe++) {
            int index = (start + probe) & (SEGMENT - 1);
            if (segment.getPlain(index) == null) {
                call.slot(number * SEGMENT + index);
                if (segment.compareAndSet(index, null, call)) {
                    segment.deadline(index, call.deadline());
                    return true;
                }
                call.slot(-1);
            }
        }
        return false;
    }

    private boolean grow(Segment[] full) {
        lock.lock();
        try {
            if (segments == full) {
                if (full.length == MAX_SEGMENTS) {
                    return false;
                }
                Segment[] more = Arrays.copyOf(full, full.length + 1);
                more[full.length] = new Segment();
                segments = more;
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private static boolean holds(@Nullable Object there, Call call) {
        return there == call || (there instanceof Aged aged && aged.refersTo(call));
    }
}
