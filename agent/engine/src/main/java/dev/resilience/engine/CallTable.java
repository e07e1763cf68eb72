package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongConsumer;

/** The permits of the calls in flight of one generation, so that a call that does not end can be seen, and written off. */
final class CallTable {
    /*
     * A call claims a place by one CAS from 0 to its permit, which names the place, and frees it by one CAS back. The
     * pulse may free it first: then the call is written off, and finds that out when it ends. Chunks are only ever added;
     * a call that finds no place after a few tries adds one. There can be places for more calls than the default limit has;
     * beyond, a call goes without.
     *
     * A place holds the permit without its generation, which is that of the table. In its stead stands whether the call
     * is metered, so counted elsewhere too, for a limit.
     */
    static final int NONE = (1 << 14) - 2;

    /** So many calls have a place in a small table, which has one chunk. */
    static final int SMALL = 16;

    private static final int CHUNK_BITS = 6;
    private static final int CHUNK = 1 << CHUNK_BITS;
    private static final int MOST_CHUNKS = Permit.LANE >> CHUNK_BITS;
    private static final int TRIES = 16;
    private static final long SPREAD = 0x9E3779B97F4A7C15L;
    /** Places to a cache line. */
    private static final int LINE = 8;

    /** What a place held that was freed. */
    enum Held {
        /** Not this call any more: it was written off. */
        NOTHING,
        CALL,
        METERED_CALL
    }

    private static final VarHandle CHUNKS = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "chunks", VarHandle.class, CallTable.class, AtomicLongArray[].class);

    private volatile AtomicLongArray[] chunks = {new AtomicLongArray(SMALL)};

    /** Returns the permit with its place in it, or 0 if a small table has none for it. */
    long claimIfSmall(long permit, int stripe) {
        AtomicLongArray[] now = chunks;
        return now.length == 1 ? find(now, permit, stripe, 0) : 0;
    }

    /** Returns the permit of a metered call with its place in it; without one if the table is full. */
    long claimMetered(long permit, int stripe) {
        for (AtomicLongArray[] now = chunks; ; now = chunks) {
            long placed = find(now, permit, stripe, Permit.METERED);
            if (placed != 0) {
                return placed;
            }
            if (now.length >= MOST_CHUNKS) {
                return claimAny(now, permit);
            }
            grow(now);
        }
    }

    private long find(AtomicLongArray[] all, long permit, int stripe, long metered) {
        int tried = stripe * LINE;
        for (int i = 0; i < TRIES; i++) {
            int chunk = ((tried >>> 16) * all.length) >>> 15;
            AtomicLongArray places = all[chunk];
            int place = tried & (places.length() - 1);
            if (places.get(place) == 0) {
                long placed = Permit.at(permit, (chunk << CHUNK_BITS) | place);
                if (places.compareAndSet(place, 0, Permit.inTable(placed) | metered)) {
                    return placed;
                }
            }
            tried = i == 0 ? tried + 1 : (int) (((permit + i) * SPREAD) >>> 33);
        }
        return 0;
    }

    private static long claimAny(AtomicLongArray[] all, long permit) {
        for (int chunk = 0; chunk < all.length; chunk++) {
            for (int place = 0; place < all[chunk].length(); place++) {
                long placed = Permit.at(permit, (chunk << CHUNK_BITS) | place);
                if (all[chunk].get(place) == 0
                        && all[chunk].compareAndSet(place, 0, Permit.inTable(placed) | Permit.METERED)) {
                    return placed;
                }
            }
        }
        return Permit.at(permit, NONE);
    }

    /** Frees the place of this call, if it is still in the table. */
    Held release(long permit) {
        long seen = seen(permit);
        while (Permit.isOf(permit, seen)) {
            if (replace(permit, seen, 0)) {
                return Permit.isMetered(seen) ? Held.METERED_CALL : Held.CALL;
            }
            seen = seen(permit); // metered meanwhile
        }
        return Held.NOTHING;
    }

    /** Whether this call was in the table, and was not metered before. */
    boolean meter(long permit) {
        long seen = seen(permit);
        return Permit.isOf(permit, seen) && !Permit.isMetered(seen) && replace(permit, seen, seen | Permit.METERED);
    }

    private long seen(long permit) {
        AtomicLongArray[] now = chunks;
        int place = Permit.place(permit);
        int chunk = place >>> CHUNK_BITS;
        return chunk < now.length && (place & (CHUNK - 1)) < now[chunk].length()
                ? now[chunk].get(place & (CHUNK - 1))
                : 0;
    }

    private boolean replace(long permit, long seen, long next) {
        int place = Permit.place(permit);
        return chunks[place >>> CHUNK_BITS].compareAndSet(place & (CHUNK - 1), seen, next);
    }

    /** Passes on every permit that has a place now, without its generation. */
    void visit(LongConsumer visitor) {
        for (AtomicLongArray places : chunks) {
            for (int i = 0; i < places.length(); i++) {
                long permit = places.get(i);
                if (permit != 0) {
                    visitor.accept(Permit.inTable(permit));
                }
            }
        }
    }

    /** How many calls have a place. */
    int size() {
        int size = 0;
        for (AtomicLongArray places : chunks) {
            for (int i = 0; i < places.length(); i++) {
                size += places.get(i) == 0 ? 0 : 1;
            }
        }
        return size;
    }

    boolean isSmall() {
        return chunks.length == 1;
    }

    private void grow(AtomicLongArray[] from) {
        AtomicLongArray[] grown = Arrays.copyOf(from, from.length + 1);
        grown[from.length] = new AtomicLongArray(CHUNK);
        CHUNKS.compareAndSet(this, from, grown);
    }
}
