package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongConsumer;

/** The permits of the calls in flight, so that a call that does not end can be seen, and written off. */
final class CallTable {
    /*
     * A call claims a place by one CAS from 0 to its permit, which names the place, and frees it by one CAS back. The
     * pulse may free it first: then the call is written off, and finds that out when it ends. Chunks are only ever added;
     * a call that finds no place after a few tries adds one. There can be places for more calls than the default limit has;
     * beyond, a call goes without.
     */
    static final int NONE = (1 << 14) - 2;

    private static final int FIRST_CHUNK = 16;
    private static final int CHUNK_BITS = 6;
    private static final int CHUNK = 1 << CHUNK_BITS;
    private static final int MOST_CHUNKS = 255;
    private static final int TRIES = 16;
    private static final long SPREAD = 0x9E3779B97F4A7C15L;
    /** Places to a cache line. */
    private static final int LINE = 8;

    private static final VarHandle CHUNKS = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "chunks", VarHandle.class, CallTable.class, AtomicLongArray[].class);

    private volatile AtomicLongArray[] chunks = {new AtomicLongArray(FIRST_CHUNK)};

    /** Returns the permit with its place in it, near those of its stripe; without one if the table is full. */
    long claim(long permit, int stripe) {
        for (AtomicLongArray[] now = chunks; ; now = chunks) {
            int tried = stripe * LINE;
            for (int i = 0; i < TRIES; i++) {
                int chunk = ((tried >>> 16) * now.length) >>> 15;
                AtomicLongArray places = now[chunk];
                int place = tried & (places.length() - 1);
                if (places.get(place) == 0) {
                    long placed = Permit.at(permit, (chunk << CHUNK_BITS) | place);
                    if (places.compareAndSet(place, 0, placed)) {
                        return placed;
                    }
                }
                tried = i == 0 ? tried + 1 : (int) (((permit + i) * SPREAD) >>> 33);
            }
            if (now.length >= MOST_CHUNKS) {
                return claimAny(now, permit);
            }
            grow(now);
        }
    }

    private static long claimAny(AtomicLongArray[] all, long permit) {
        for (int chunk = 0; chunk < all.length; chunk++) {
            for (int place = 0; place < all[chunk].length(); place++) {
                long placed = Permit.at(permit, (chunk << CHUNK_BITS) | place);
                if (all[chunk].get(place) == 0 && all[chunk].compareAndSet(place, 0, placed)) {
                    return placed;
                }
            }
        }
        return Permit.at(permit, NONE);
    }

    /** Whether the call was still in the table. */
    boolean release(long permit) {
        AtomicLongArray[] now = chunks;
        int place = Permit.place(permit);
        int chunk = place >>> CHUNK_BITS;
        return chunk < now.length && now[chunk].compareAndSet(place & (CHUNK - 1), permit, 0);
    }

    /** Passes on every permit that has a place now. */
    void visit(LongConsumer visitor) {
        for (AtomicLongArray places : chunks) {
            for (int i = 0; i < places.length(); i++) {
                long permit = places.get(i);
                if (permit != 0) {
                    visitor.accept(permit);
                }
            }
        }
    }

    private void grow(AtomicLongArray[] from) {
        AtomicLongArray[] grown = Arrays.copyOf(from, from.length + 1);
        grown[from.length] = new AtomicLongArray(CHUNK);
        CHUNKS.compareAndSet(this, from, grown);
    }
}
