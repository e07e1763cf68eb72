package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** Says how many calls may be in flight at once, and never lets in one more; how many that is, others decide. */
public final class ConcurrencyLimit {
    /*
     * What is counted is not the calls but the free places, as those belong to nobody: a call may leave on another
     * thread than it came on. They are in one word with the limit,
     *
     *   63..32 free, negative while more calls are in flight than the limit allows   31..0 limit
     *
     * and once two threads met there, in stripes too, each up to a 16th of the limit in places that were left there: the
     * eight together at most half. A call takes a place of its own stripe, else of the word, else of another stripe; and
     * leaves it in its own stripe, else in the word. So where threads make one call at a time, each finds the place it
     * left, and no two write a common cache line. Places are neither made nor lost, so in flight are never more than the
     * limit.
     *
     * While free is negative, stripes give nothing and take nothing; what is in them pays the debt. Limits below 16
     * have no places in stripes at all: then it is one word, and exact. Above, a call that looks through the stripes
     * while a place moves from one that it has yet to see to one that it has seen may be refused though one was free.
     */
    private static final VarHandle WORD = handle("word", long.class);
    private static final VarHandle STRIPES = handle("stripes", Stripes.class);

    private static final long ONE_FREE = 1L << 32;
    private static final int STRIPES_SHARE = 2 * Stripes.COUNT;

    private volatile long word;
    private volatile @Nullable Stripes stripes;

    public ConcurrencyLimit(int limit) {
        word = word(limit, limit);
    }

    /** Takes a place for one call, to be given back by {@link #exit}; false when there is none. */
    public boolean tryEnter() {
        return tryEnter(Stripes.own());
    }

    /** Gives back the place of one call, on any thread, once. */
    public void exit() {
        exit(Stripes.own());
    }

    boolean tryEnter(int stripe) {
        Stripes left = stripes;
        if (left != null && word >= 0 && isTaken(left, stripe)) {
            return true;
        }
        while (true) {
            long seen = word;
            if (free(seen) > 0) {
                if (WORD.compareAndSet(this, seen, seen - ONE_FREE)) {
                    return true;
                }
                stripeFromNowOn();
            } else if (free(seen) == 0) {
                if (isAnyTaken()) {
                    return true;
                }
                if (word == seen) {
                    return false;
                }
            } else if (!isAnyCollected()) {
                return false;
            }
        }
    }

    void exit(int stripe) {
        Stripes left = stripes;
        long seen = word;
        if (left != null && seen >= 0) {
            int room = limit(seen) / STRIPES_SHARE;
            for (long held = left.get(stripe); held < room; held = left.get(stripe)) {
                if (left.compareAndSet(stripe, held, held + 1)) {
                    return;
                }
            }
        }
        WORD.getAndAdd(this, ONE_FREE);
    }

    /** Two threads met; their next calls need not. */
    void stripeFromNowOn() {
        if (stripes == null) {
            STRIPES.compareAndSet(this, null, new Stripes());
        }
    }

    /** Changes the limit; calls in flight beyond it go on, and none begins until they are few enough. */
    public void limit(int limit) {
        while (true) {
            long seen = word;
            int free = free(seen) + limit - limit(seen);
            if (WORD.compareAndSet(this, seen, word(free, limit))) {
                if (free < 0) {
                    isAnyCollected();
                }
                return;
            }
        }
    }

    public int limit() {
        return limit(word);
    }

    /** How many calls are in flight; exact when none begins or ends meanwhile. */
    public int inFlight() {
        Stripes left = stripes;
        long held = 0;
        for (int stripe = 0; left != null && stripe < Stripes.COUNT; stripe++) {
            held += left.get(stripe);
        }
        long seen = word;
        return (int) Math.max(0, limit(seen) - free(seen) - held);
    }

    private static boolean isTaken(Stripes left, int stripe) {
        for (long held = left.get(stripe); held > 0; held = left.get(stripe)) {
            if (left.compareAndSet(stripe, held, held - 1)) {
                return true;
            }
        }
        return false;
    }

    private boolean isAnyTaken() {
        Stripes left = stripes;
        for (int stripe = 0; left != null && stripe < Stripes.COUNT; stripe++) {
            if (isTaken(left, stripe)) {
                return true;
            }
        }
        return false;
    }

    /** Brings the places of all stripes back to the word; false when there were none. */
    private boolean isAnyCollected() {
        Stripes left = stripes;
        long found = 0;
        for (int stripe = 0; left != null && stripe < Stripes.COUNT; stripe++) {
            if (left.get(stripe) != 0) {
                found += left.getAndSet(stripe, 0);
            }
        }
        if (found != 0) {
            WORD.getAndAdd(this, found * ONE_FREE);
        }
        return found != 0;
    }

    private static long word(int free, int limit) {
        return ((long) free << 32) | limit;
    }

    private static int free(long word) {
        return (int) (word >> 32);
    }

    private static int limit(long word) {
        return (int) word;
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), field, VarHandle.class, ConcurrencyLimit.class, type);
    }
}
