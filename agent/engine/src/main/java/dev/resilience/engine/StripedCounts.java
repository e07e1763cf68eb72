package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** Monotone counters of outcomes that many threads write, and one reader sums up. */
final class StripedCounts {
    /*
     * Two fields at first, which is all that most guards ever need. The pulse of a busy one puts stripes in front, and
     * twice as many next time; a thread that still holds what was there before counts there, and a sum is over all that
     * ever was. So growing loses nothing, and a reader needs no lock.
     *
     * The thread that comes first to a stripe owns it, for good: no other ever writes its count of successes there, so it
     * adds to that without an atomic addition, which would be half of what a hot breaker costs. All others of the stripe
     * share a count, and add to it atomically; so do all once the owner has ended.
     *
     * The cells that calls count in have a field of their own, as every step on the way to them would cost as much as half
     * an addition. It is written last: what it shows is among those that are summed up.
     */
    private static final VarHandle SUCCESSES = handle("successes", long.class);
    private static final VarHandle FAILURES = handle("failures", long.class);
    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);

    private static final int STRIDE = Striping.LONGS_APART;

    private static final int SUCCESS = 0;
    private static final int FAILURE = 1;
    private static final int OWNER = 2;
    private static final int SUCCESS_OF_OWNER = 3;

    private volatile long successes;
    private volatile long failures;
    private volatile @Nullable Stripes widest;
    private volatile long @Nullable [] cells;

    /** The first stride is empty, so that stripe 0 does not share a line with the array's header. */
    private static final class Stripes {
        final int stripes;
        final long[] cells;
        final @Nullable Stripes narrower;

        Stripes(int stripes, @Nullable Stripes narrower) {
            this.stripes = stripes;
            this.cells = new long[(stripes + 1) * STRIDE];
            this.narrower = narrower;
        }

        static long sum(@Nullable Stripes from, int cell) {
            long sum = 0;
            for (Stripes each = from; each != null; each = each.narrower) {
                for (int stripe = 1; stripe <= each.stripes; stripe++) {
                    sum += (long) CELLS.getVolatile(each.cells, stripe * STRIDE + cell);
                }
            }
            return sum;
        }
    }

    void addSuccess() {
        long[] own = cells;
        if (own == null) {
            SUCCESSES.getAndAdd(this, 1L);
            return;
        }
        long thread = Thread.currentThread().getId();
        int stripe = stripe(own, thread);
        long owner = (long) CELLS.getOpaque(own, stripe + OWNER);
        if (owner == thread || (owner == 0 && CELLS.compareAndSet(own, stripe + OWNER, 0L, thread))) {
            CELLS.setRelease(own, stripe + SUCCESS_OF_OWNER, own[stripe + SUCCESS_OF_OWNER] + 1);
        } else {
            CELLS.getAndAdd(own, stripe + SUCCESS, 1L);
        }
    }

    void addFailure() {
        long[] own = cells;
        if (own == null) {
            FAILURES.getAndAdd(this, 1L);
        } else {
            CELLS.getAndAdd(own, stripe(own, Thread.currentThread().getId()) + FAILURE, 1L);
        }
    }

    /** Where the stripe of this thread begins. */
    private static int stripe(long[] own, long thread) {
        int stripes = own.length / STRIDE - 1;
        return (Striping.of(thread, stripes) + 1) * STRIDE;
    }

    long failures() {
        return failures + Stripes.sum(widest, FAILURE);
    }

    long successes() {
        Stripes now = widest;
        return successes + Stripes.sum(now, SUCCESS) + Stripes.sum(now, SUCCESS_OF_OWNER);
    }

    Counts sum() {
        long failed = failures();
        return new Counts(failed, failed + successes());
    }

    int stripes() {
        Stripes now = widest;
        return now == null ? 1 : now.stripes;
    }

    /** Grows if so many calls in that time are too many for the stripes there are. For the pulse alone. */
    void grow(long calls, long nanos) {
        int wanted = Striping.grown(stripes(), calls, nanos);
        if (wanted > stripes()) {
            Stripes wide = new Stripes(wanted, widest);
            widest = wide;
            cells = wide.cells;
        }
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), field, VarHandle.class, StripedCounts.class, type);
    }
}
