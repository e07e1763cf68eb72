package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Call;
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
            this.trace = call.attachment();
            this.limits = call.limits();
            this.placed = call.placed();
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final LongAdder unlisted = new LongAdder();
    private volatile AtomicReferenceArray<?>[] segments = {new AtomicReferenceArray<Object>(SEGMENT)};
    private volatile boolean closed;
    private volatile boolean over;

    /** Whether this call may begin; it is only asked what it is when others may not. */
    boolean mayBegin(Call call) {
        return !closed || (!over && call.continuesWork());
    }

    /** From now on nothing begins but what continues work under way. */
    void close() {
        closed = true;
    }

    /** From now on nothing begins. */
    void endWork() {
        over = true;
        closed = true;
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

    /** Takes the call off the list, if it is there. */
    void end(Call call) {
        int slot = call.slot();
        if (slot < 0) {
            return;
        }
        call.slot(-1);
        AtomicReferenceArray<Object> segment = segment(segments, slot / SEGMENT);
        int index = slot % SEGMENT;
        Object there = segment.get(index);
        while (holds(there, call) && !segment.compareAndSet(index, there, null)) {
            there = segment.get(index);
        }
    }

    /** How many calls are listed; exact when none begins or ends meanwhile. */
    int count() {
        int count = 0;
        AtomicReferenceArray<?>[] all = segments;
        for (int s = 0; s < all.length; s++) {
            AtomicReferenceArray<Object> segment = segment(all, s);
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
        AtomicReferenceArray<?>[] all = segments;
        for (int s = 0; s < all.length; s++) {
            AtomicReferenceArray<Object> segment = segment(all, s);
            for (int i = 0; i < SEGMENT; i++) {
                Object there = segment.get(i);
                Object call = there instanceof Aged aged ? aged.get() : there;
                if (call instanceof Call listed) {
                    visitor.accept(listed);
                }
            }
        }
    }

    /** Lets go of old calls, and gives back what collected ones owe. */
    void sweep(long nowNanos) {
        AtomicReferenceArray<?>[] all = segments;
        for (int s = 0; s < all.length; s++) {
            AtomicReferenceArray<Object> segment = segment(all, s);
            for (int i = 0; i < SEGMENT; i++) {
                Object there = segment.get(i);
                if (there instanceof Call call) {
                    hold(call.guard());
                    age(segment, i, call, nowNanos);
                } else if (there instanceof Aged aged) {
                    hold(aged.guard);
                    if (aged.get() == null && segment.compareAndSet(i, aged, null)) {
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

    private static void age(AtomicReferenceArray<Object> segment, int index, Call call, long nowNanos) {
        Object guard = call.guard();
        if (guard instanceof TargetGuard && nowNanos - call.startNanos() > OLD_NANOS && !call.isSettled()) {
            segment.compareAndSet(index, call, new Aged(call, guard));
        }
    }

    private void claim(Call call) {
        int start = (int) ((Thread.currentThread().getId() * 0x9e3779b9L) >>> 8) & (SEGMENT - 1);
        int searched = 0;
        while (true) {
            AtomicReferenceArray<?>[] all = segments;
            for (int s = searched; s < all.length; s++) {
                if (claim(call, segment(all, s), s, start)) {
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

    private static boolean claim(Call call, AtomicReferenceArray<Object> segment, int number, int start) {
        for (int probe = 0; probe < PROBES; probe++) {
            int index = (start + probe) & (SEGMENT - 1);
            if (segment.getPlain(index) == null) {
                call.slot(number * SEGMENT + index);
                if (segment.compareAndSet(index, null, call)) {
                    return true;
                }
                call.slot(-1);
            }
        }
        return false;
    }

    private boolean grow(AtomicReferenceArray<?>[] full) {
        lock.lock();
        try {
            if (segments == full) {
                if (full.length == MAX_SEGMENTS) {
                    return false;
                }
                AtomicReferenceArray<?>[] more = Arrays.copyOf(full, full.length + 1);
                more[full.length] = new AtomicReferenceArray<Object>(SEGMENT);
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

    @SuppressWarnings("unchecked") // Java has no generic arrays; every segment is made as one of Object
    private static AtomicReferenceArray<Object> segment(AtomicReferenceArray<?>[] all, int number) {
        return (AtomicReferenceArray<Object>) all[number];
    }
}
