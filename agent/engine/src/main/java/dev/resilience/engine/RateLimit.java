package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Says how many calls may begin: never more than the burst and what the rate gives, over any stretch of time.
 *
 * <p>Every {@code nowNanos} is a reading of one monotone clock on any scale, for example {@link System#nanoTime}.
 */
public final class RateLimit {
    /*
     * The generic cell rate algorithm: calls have slots of one interval each, one after the other, and "next" is where
     * the next one begins (the theoretical arrival time). A slot that begins before now begins now. A call is admitted
     * if its slot ends within the span of the burst from now on; so the slots of all calls of a stretch of time lie
     * within that stretch and one span, and cannot be more.
     *
     * Where calls come so fast that threads do fight for that word, there are stripes, and a thread takes a lease of
     * several slots in one CAS, uses the first and leaves the others in its stripe, for itself and the few threads that
     * share the stripe:
     *
     *   stripe    63..6 where the last slot of the lease ends, rounded down   5..0 how many slots are left
     *
     * A leased slot may be used while it has not begun to pass, not later: unused slots lapse one by one as time goes
     * over them, just as the bucket they came from would have filled up. So they count in the burst, and are not hoarded.
     * A lease that another thread's lease displaces is lost until then.
     *
     * A thread that takes two leases of a stripe with no other in between keeps the later one for itself, in an object
     * that nobody else uses: it needs no CAS for what it takes from there. Another thread of the stripe displaces it,
     * with an object of its own, if it takes STAYS_AWAY leases in a row while the owner took nothing, and if that has
     * nothing left; so owners lose no slots, and change seldom. Where the rate is so high that this matters there are
     * leases from the beginning.
     *
     * What is refused may find slots in other leases; they are at most a quarter of the burst (see leaseOf).
     *
     * A clock that steps back finds slots further ahead than any can be. Then they are given up, and the burst begins
     * anew, empty. A thread that was held up between reading the clock and asking sees the same, so there is some
     * patience: without it, that thread would give the burst away a second time.
     */
    private static final VarHandle NEXT = handle("next", long.class);
    private static final VarHandle LEASES = handle("leases", Stripes.class);

    private static final int LONGEST_LEASE = 64;
    private static final long LEFT = LONGEST_LEASE - 1;

    /** A lease is what the rate gives in this time: short enough that what one thread keeps is missed by nobody. */
    private static final long LEASED_NANOS = 1_000_000;

    /** As long as the guards trust a pulse that does not beat: what is held up longer is a process that stood still. */
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    /** From 100,000 calls a second on: the CAS that it saves a call costs a thousandth of a processor there. */
    private static final long HOT_NANOS = 10_000;

    /** Leases of others: one may be for a call only, and an object for each would cost more than it saves. */
    static final int STAYS_AWAY = 64;

    /** Two cache lines that nobody writes, before what heirs add. */
    @SuppressWarnings("unused") // it is there to take room
    private abstract static class Apart {
        private long a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
    }

    private abstract static class Held extends Apart {
        long held;
    }

    /** What one thread leased for itself, as in a stripe, and as far from what others write. */
    @SuppressWarnings("unused") // so is what comes after that
    private static final class Own extends Held {
        private long a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
        final long thread;

        Own(long thread, long held) {
            this.thread = thread;
            this.held = held;
        }

        long held() {
            return held;
        }

        void hold(long held) {
            this.held = held;
        }
    }

    private final RateConfig config;
    private final long intervalNanos;
    private final long spanNanos;
    private final int lease;
    private volatile long next;
    private volatile @Nullable Stripes leases;

    /** By stripe, none if the rate is not that high; with data races, as each thread looks for its own. */
    private final @Nullable Own[] owned;

    /** Which thread left the last lease in a stripe, and what its owner held then; with data races, as a guess. */
    private final long[] last;

    private final long[] lastHeld;

    /** How many leases that thread left there in a row, while the owner took nothing. */
    private final int[] inARow;

    public RateLimit(RateConfig config, long nowNanos) {
        this.config = config;
        // rounded up: at the highest rate a thousandth too slow, never too fast
        this.intervalNanos = -Math.floorDiv(-config.per().toNanos(), (long) config.calls());
        this.spanNanos = intervalNanos * config.burst();
        this.lease = leaseOf(config.burst(), intervalNanos);
        this.next = nowNanos;
        boolean isHot = lease > 1 && intervalNanos <= HOT_NANOS;
        this.leases = isHot ? new Stripes() : null;
        this.owned = new Own[isHot ? Stripes.COUNT : 0];
        this.last = new long[owned.length];
        this.lastHeld = new long[owned.length];
        this.inARow = new int[owned.length];
    }

    private static int leaseOf(int burst, long intervalNanos) {
        long most = Math.min(LONGEST_LEASE, burst / (8 * Stripes.COUNT));
        return (int) Math.max(1, Math.min(most, LEASED_NANOS / intervalNanos));
    }

    /** Takes the right to begin one call; false when there is none now. */
    public boolean tryAcquire(long nowNanos) {
        if (leases == null) {
            return tryAcquire(0, 0, nowNanos);
        }
        long thread = Thread.currentThread().getId();
        return tryAcquire(Striping.of(thread, Stripes.COUNT), thread, nowNanos);
    }

    boolean tryAcquire(int stripe, long thread, long nowNanos) {
        Own own = own(stripe, thread);
        if (own != null) {
            long held = own.held();
            long left = left(held, nowNanos);
            if (left > 0) {
                own.hold((held & ~LEFT) | (left - 1));
                return true;
            }
        }
        return tryAcquire(stripe, thread, own, nowNanos);
    }

    /** What this thread leased for itself there. */
    private @Nullable Own own(int stripe, long thread) {
        Own there = owned.length == 0 ? null : owned[stripe];
        return there != null && there.thread == thread ? there : null;
    }

    private boolean tryAcquire(int stripe, long thread, @Nullable Own own, long nowNanos) {
        Stripes leased = leases;
        long held = 0;
        if (leased != null) {
            held = leased.get(stripe);
            for (long left = left(held, nowNanos); left > 0; left = left(held, nowNanos)) {
                if (leased.compareAndSet(stripe, held, (held & ~LEFT) | (left - 1))) {
                    return true;
                }
                held = leased.get(stripe);
            }
        }
        long most = leased == null ? 1 : lease;
        while (true) {
            long seen = next;
            long ahead = seen - nowNanos;
            if (isImpossible(ahead)) {
                NEXT.compareAndSet(this, seen, nowNanos + spanNanos);
                continue;
            }
            long begins = Math.max(0, ahead);
            long room = spanNanos - begins;
            if (room < intervalNanos) {
                return false;
            }
            long slots = most == 1 ? 1 : Math.min(most, room / intervalNanos);
            long ends = nowNanos + begins + slots * intervalNanos;
            if (NEXT.compareAndSet(this, seen, ends)) {
                if (leased != null && slots > 1) {
                    keep(leased, stripe, thread, own, held, (ends & ~LEFT) | (slots - 1), nowNanos);
                }
                return true;
            }
            if (leased == null) {
                leaseFromNowOn();
            }
        }
    }

    private void keep(Stripes leased, int stripe, long thread, @Nullable Own own, long seen, long held, long nowNanos) {
        if (own != null) {
            own.hold(held);
            return;
        }
        boolean isOwn = owned.length > 0 && mayOwn(stripe, thread, nowNanos);
        leased.compareAndSet(stripe, seen, isOwn ? 0 : held);
        if (isOwn) {
            owned[stripe] = new Own(thread, held);
        }
    }

    private boolean mayOwn(int stripe, long thread, long nowNanos) {
        Own there = owned[stripe];
        long held = there == null ? 0 : there.held();
        boolean isAgain = last[stripe] == thread && lastHeld[stripe] == held;
        int run = isAgain ? inARow[stripe] + 1 : 1;
        last[stripe] = thread;
        lastHeld[stripe] = held;
        inARow[stripe] = run;
        return run >= (there == null ? 2 : STAYS_AWAY) && left(held, nowNanos) == 0;
    }

    /** Two threads met; where leases are longer than one, they need not again. */
    void leaseFromNowOn() {
        if (lease > 1) {
            LEASES.compareAndSet(this, null, new Stripes());
        }
    }

    /** How long until one call may begin, if nobody else takes its place; 0 if one may now. */
    public long retryAfterNanos(long nowNanos) {
        Stripes leased = leases;
        if (leased != null) {
            int stripe = Stripes.own();
            Own own = own(stripe, Thread.currentThread().getId());
            long held = own == null ? 0 : own.held();
            if (left(held, nowNanos) > 0 || left(leased.get(stripe), nowNanos) > 0) {
                return 0;
            }
        }
        long ahead = next - nowNanos;
        return isImpossible(ahead) ? intervalNanos : Math.max(0, Math.max(0, ahead) + intervalNanos - spanNanos);
    }

    /** Whether a new one would let the same calls begin. */
    public boolean isAtRest(long nowNanos) {
        return next - nowNanos <= 0;
    }

    public RateConfig config() {
        return config;
    }

    private boolean isImpossible(long aheadNanos) {
        return aheadNanos > spanNanos + PATIENCE_NANOS;
    }

    /** How many slots of a lease have not begun to pass. */
    private long left(long held, long nowNanos) {
        long left = held & LEFT;
        long ahead = (held & ~LEFT) - nowNanos;
        if (left == 0 || ahead < intervalNanos || ahead > spanNanos) {
            return 0;
        }
        return ahead >= left * intervalNanos ? left : ahead / intervalNanos;
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(MethodHandles.lookup(), field, VarHandle.class, RateLimit.class, type);
    }
}
