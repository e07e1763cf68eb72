package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/** Monotone counters of outcomes that many threads write, and one reader sums up. */
final class StripedCounts {
    /*
     * Two fields at first, which is all that most guards ever need. The pulse of a busy one puts stripes in front, and
     * twice as many next time; a thread that still holds what was there before counts there, and a sum is over all that
     * ever was. So growing loses nothing, and a reader needs no lock.
     */
    private static final VarHandle SUCCESSES = handle("successes", long.class);
    private static final VarHandle FAILURES = handle("failures", long.class);

    private volatile long successes;
    private volatile long failures;
    private volatile @Nullable Stripes widest;

    /** So many stripes, each with a cache line of its own. */
    private static final class Stripes {
        /** 128 bytes: the cache line, and the one the processor fetches with it. */
        private static final int STRIDE = 16;

        private static final int SUCCESS = 0;
        private static final int FAILURE = 1;

        final int stripes;
        final @Nullable Stripes narrower;
        /** The first stride is empty, so that stripe 0 does not share a line with the array's header. */
        private final AtomicLongArray cells;

        Stripes(int stripes, @Nullable Stripes narrower) {
            this.stripes = stripes;
            this.narrower = narrower;
            this.cells = new AtomicLongArray((stripes + 1) * STRIDE);
        }

        void add(int cell) {
            cells.getAndIncrement((Striping.ofThread(stripes) + 1) * STRIDE + cell);
        }

        static long sum(@Nullable Stripes from, int cell) {
            long sum = 0;
            for (Stripes each = from; each != null; each = each.narrower) {
                for (int stripe = 1; stripe <= each.stripes; stripe++) {
                    sum += each.cells.get(stripe * STRIDE + cell);
                }
            }
            return sum;
        }
    }

    void addSuccess() {
        Stripes now = widest;
        if (now == null) {
            SUCCESSES.getAndAdd(this, 1L);
        } else {
            now.add(Stripes.SUCCESS);
        }
    }

    void addFailure() {
        Stripes now = widest;
        if (now == null) {
            FAILURES.getAndAdd(this, 1L);
        } else {
            now.add(Stripes.FAILURE);
        }
    }

    long failures() {
        return failures + Stripes.sum(widest, Stripes.FAILURE);
    }

    long successes() {
        return successes + Stripes.sum(widest, Stripes.SUCCESS);
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
            widest = new Stripes(wanted, widest);
        }
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), field, VarHandle.class, StripedCounts.class, type);
    }
}
