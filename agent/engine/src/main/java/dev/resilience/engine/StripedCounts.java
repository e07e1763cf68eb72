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
     * The cells that calls count in have a field of their own, as every step on the way to them would cost as much as half
     * an addition. It is written last: what it shows is among those that are summed up.
     */
    private static final VarHandle SUCCESSES = handle("successes", long.class);
    private static final VarHandle FAILURES = handle("failures", long.class);
    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);

    private static final int STRIDE = Striping.LONGS_APART;

    private static final int SUCCESS = 0;
    private static final int FAILURE = 1;

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
        } else {
            add(own, SUCCESS);
        }
    }

    void addFailure() {
        long[] own = cells;
        if (own == null) {
            FAILURES.getAndAdd(this, 1L);
        } else {
            add(own, FAILURE);
        }
    }

    private static void add(long[] own, int cell) {
        int stripes = own.length / STRIDE - 1;
        CELLS.getAndAdd(own, (Striping.ofThread(stripes) + 1) * STRIDE + cell, 1L);
    }

    long failures() {
        return failures + Stripes.sum(widest, FAILURE);
    }

    long successes() {
        return successes + Stripes.sum(widest, SUCCESS);
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
