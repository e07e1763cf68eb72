package dev.resilience.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongConsumer;

/**
 * A place for one call in flight of each stripe of threads, where it counts its success alone, for a busy target. All of
 * them are one array, as each step on the way to a lane would cost as much as a counter.
 */
final class Lanes {
    /*
     * A call takes a lane by one CAS from 0 to its permit. From then on it writes there alone: it adds to the counters of
     * the lane without atomic additions, and leaves by storing 0. Counters only grow; the pulse takes differences.
     *
     * A thread that took a lane OWNED times with no other in between owns it, and takes it without the CAS from then on,
     * as no other does; calls may still end on other threads. Who took a lane by CAS looks again: if it was given away
     * meanwhile, he sees that, as the owner said so before he left it, and goes; the owner may have come in by then, and
     * is not harmed, as the permits of owners have places that those of others never have. The pulse takes a lane back
     * whose owner takes it less often than is worth it, and he has to come OWNED times again; if it does so in the very
     * instant in which the owner does, and another thread comes in that instant too, the call of one of the two is lost,
     * as if it had been written off, or they count as one. Others may see an owner's call some nanoseconds after it began.
     *
     * The pulse may only mark a permit as written off; the lane is taken until the call ends, if it ever does. A call that
     * ends in the very instant in which it is written off may count twice, as failed by the pulse and as what it was.
     * None is counted as in flight that is not, and a count of others is never touched.
     *
     * The first stride is the pulse's own: what it took of each counter, in all lanes.
     */
    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);

    /** 50 ns each: soon enough for a busy thread, and never by chance for one of a pool. */
    static final int OWNED = 64;

    /** In a pulse, so 10,000 calls a second: the lane of a thread with fewer is missed by the others. */
    static final int WORTH_IT = 1_000;

    /** The first of the places of owners' calls; the lane is the same. */
    private static final int OWN_PLACE = Permit.LANE + Striping.MOST;

    private static final int UNTIMED = 1;
    private static final int OWNER = 2;
    private static final int LAST = 3;
    private static final int RUN = 4;
    private static final int LATENCIES = 5;
    private static final int COUNTERS = LATENCIES + Latencies.BUCKETS;

    /** In whole lines, with at least one between a counter of one lane and the permit of the next. */
    private static final int STRIDE = (COUNTERS + 2 * Striping.LONGS_APART - 1) & -Striping.LONGS_APART;

    static long[] create() {
        return new long[(1 + Striping.MOST) * STRIDE];
    }

    static boolean isIn(long permit) {
        int lane = Permit.place(permit) - Permit.LANE;
        return lane >= 0 && lane < 2 * Striping.MOST;
    }

    /** Returns the permit with its place in it, or 0 if that lane is taken. */
    static long claim(long[] lanes, long permit, long thread) {
        int lane = Striping.of(thread, Striping.MOST);
        int at = at(lane);
        if (opaque(lanes, at + OWNER) != thread) {
            return claimShared(lanes, Permit.at(permit, Permit.LANE + lane), at, thread);
        }
        if ((long) CELLS.getAcquire(lanes, at) != 0) {
            return 0;
        }
        lanes[at + RUN]++;
        long placed = Permit.at(permit, OWN_PLACE + lane);
        CELLS.setRelease(lanes, at, placed);
        return placed;
    }

    private static long claimShared(long[] lanes, long placed, int at, long thread) {
        if (opaque(lanes, at + OWNER) != 0 || opaque(lanes, at) != 0 || !CELLS.compareAndSet(lanes, at, 0L, placed)) {
            return 0;
        }
        if (opaque(lanes, at + OWNER) != 0) {
            CELLS.compareAndSet(lanes, at, placed, 0L);
            return 0;
        }
        long run = lanes[at + LAST] == thread ? lanes[at + RUN] + 1 : 1;
        lanes[at + LAST] = thread;
        lanes[at + RUN] = run;
        if (run % OWNED == 0) {
            CELLS.setRelease(lanes, at + OWNER, thread);
        }
        return placed;
    }

    /** Has those lanes shared again whose owner took them too seldom since the last pulse. For the pulse. */
    static void share(long[] lanes) {
        for (int lane = 0; lane < Striping.MOST; lane++) {
            long run = opaque(lanes, at(lane) + RUN);
            if (Math.abs(run - lanes[COUNTERS + lane]) < WORTH_IT) {
                CELLS.setOpaque(lanes, at(lane) + OWNER, 0L);
            }
            lanes[COUNTERS + lane] = run;
        }
    }

    /** Whether the call of this permit was in its lane, and not written off; in any case it has left it. */
    static boolean leave(long[] lanes, long permit) {
        boolean isCounted = isHere(lanes, permit);
        if (isCounted || opaque(lanes, at(permit)) == writtenOff(permit)) {
            CELLS.setRelease(lanes, at(permit), 0L);
        }
        return isCounted;
    }

    static boolean succeeded(long[] lanes, long permit, long nanos) {
        return leave(lanes, permit, LATENCIES + Latencies.bucketOf(nanos));
    }

    static boolean succeededUntimed(long[] lanes, long permit) {
        return leave(lanes, permit, UNTIMED);
    }

    private static boolean leave(long[] lanes, long permit, int counter) {
        if (!isHere(lanes, permit)) {
            return leave(lanes, permit);
        }
        int at = at(permit) + counter;
        CELLS.setOpaque(lanes, at, lanes[at] + 1);
        CELLS.setRelease(lanes, at(permit), 0L);
        return true;
    }

    static boolean writeOff(long[] lanes, long permit) {
        return CELLS.compareAndSet(lanes, at(permit), permit, writtenOff(permit));
    }

    /** With a place that is no lane. */
    private static long writtenOff(long permit) {
        return Permit.at(permit, Permit.PROBE);
    }

    private static boolean isHere(long[] lanes, long permit) {
        return opaque(lanes, at(permit)) == permit;
    }

    /** How many calls are in flight here. */
    static int size(long[] lanes) {
        int size = 0;
        for (int lane = 0; lane < Striping.MOST; lane++) {
            size += isInFlight((long) CELLS.getVolatile(lanes, at(lane))) ? 1 : 0;
        }
        return size;
    }

    static void visit(long[] lanes, LongConsumer visitor) {
        for (int lane = 0; lane < Striping.MOST; lane++) {
            long permit = (long) CELLS.getVolatile(lanes, at(lane));
            if (isInFlight(permit)) {
                visitor.accept(permit);
            }
        }
    }

    private static boolean isInFlight(long permit) {
        return permit != 0 && isIn(permit);
    }

    /** Returns the number of successes that were timed. For the pulse. */
    static int takeLatencies(long[] lanes, Sample into) {
        int successes = 0;
        for (int bucket = 0; bucket < Latencies.BUCKETS; bucket++) {
            int fresh = take(lanes, LATENCIES + bucket);
            into.add(bucket, fresh);
            successes += fresh;
        }
        return successes;
    }

    /** For the pulse. */
    static int takeUntimed(long[] lanes) {
        return take(lanes, UNTIMED);
    }

    private static int take(long[] lanes, int counter) {
        long sum = 0;
        for (int lane = 0; lane < Striping.MOST; lane++) {
            sum += opaque(lanes, at(lane) + counter);
        }
        int fresh = (int) (sum - lanes[counter]);
        lanes[counter] = sum;
        return fresh;
    }

    private static long opaque(long[] lanes, int cell) {
        return (long) CELLS.getOpaque(lanes, cell);
    }

    private static int at(long permit) {
        return at((Permit.place(permit) - Permit.LANE) & (Striping.MOST - 1));
    }

    private static int at(int lane) {
        return (1 + lane) * STRIDE;
    }

    private Lanes() {}
}
