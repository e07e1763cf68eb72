package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Says when the deadline of a call is over: a hashed wheel of one millisecond, turned by one thread that mostly sleeps. */
final class DeadlineTimer {
    /*
     * An entry lies in the bucket of its tick, in a doubly linked list under that bucket's lock; disarming unlinks it at
     * once, so nothing outlives its call. Whoever unlinks an entry owns it: a deadline fires, or is disarmed, never both.
     *
     * "turned" is the last tick whose bucket was or is being emptied. It is written before that bucket is locked, and
     * read by arm() under the lock: an entry put behind the turning wheel is seen, and goes to a tick that is to come.
     *
     * The thread sleeps until the first tick with an entry. "wakeTick" says which; it is UNKNOWN from before the search
     * until after it, and an entry is linked before wakeTick is read, so an entry the search missed wakes the thread.
     * Entries of later rounds in the same bucket wake it early once a round, which is once a second.
     */
    private static final int BUCKETS = 1024;
    private static final long GRAIN_NANOS = 1_000_000;
    private static final long UNKNOWN = Long.MAX_VALUE;

    /** One armed deadline. */
    static final class Entry {
        private final Bucket bucket;
        private final long tick;
        private @Nullable Call call;
        private @Nullable Entry previous;
        private @Nullable Entry next;

        private Entry(Bucket bucket, long tick, Call call) {
            this.bucket = bucket;
            this.tick = tick;
            this.call = call;
        }
    }

    private static final class Bucket extends ReentrantLock {
        private volatile @Nullable Entry head;

        void link(Entry entry) {
            Entry first = head;
            entry.next = first;
            if (first != null) {
                first.previous = entry;
            }
            head = entry;
        }

        @Nullable
        Call unlink(Entry entry) {
            Call owned = entry.call;
            if (owned == null) {
                return null;
            }
            entry.call = null;
            if (entry.previous == null) {
                head = entry.next;
            } else {
                entry.previous.next = entry.next;
            }
            if (entry.next != null) {
                entry.next.previous = entry.previous;
            }
            entry.previous = null;
            entry.next = null;
            return owned;
        }
    }

    private final LongSupplier nanoClock;
    private final Consumer<Call> expired;
    private final Faults faults;
    private final boolean turnsItself;
    private final long origin;
    private final Bucket[] buckets = new Bucket[BUCKETS];
    private final ReentrantLock starting = new ReentrantLock();
    private volatile long turned;
    private volatile long wakeTick = UNKNOWN;
    private volatile @Nullable Thread thread;

    DeadlineTimer(LongSupplier nanoClock, Consumer<Call> expired, Faults faults) {
        this(nanoClock, expired, faults, true);
    }

    private DeadlineTimer(LongSupplier nanoClock, Consumer<Call> expired, Faults faults, boolean turnsItself) {
        this.turnsItself = turnsItself;
        this.nanoClock = nanoClock;
        this.expired = expired;
        this.faults = faults;
        this.origin = nanoClock.getAsLong();
        for (int i = 0; i < BUCKETS; i++) {
            buckets[i] = new Bucket();
        }
    }

    /** Without a thread: somebody calls {@link #turn}. */
    static DeadlineTimer turnedByHand(LongSupplier nanoClock, Consumer<Call> expired, Faults faults) {
        return new DeadlineTimer(nanoClock, expired, faults, false);
    }

    /** Arms the deadline of a call; never fires early. */
    Entry arm(Call call, long startNanos, long delayNanos) {
        long sinceOrigin = startNanos - origin + delayNanos;
        long tick = sinceOrigin < 0 ? 0 : sinceOrigin / GRAIN_NANOS + 1;
        Entry entry = link(call, tick);
        Thread wheel = thread;
        if (wheel == null) {
            start();
        } else if (entry.tick < wakeTick) {
            LockSupport.unpark(wheel);
        }
        return entry;
    }

    /** Forgets a deadline; false when it fired, or was disarmed before. */
    boolean disarm(Entry entry) {
        Bucket bucket = entry.bucket;
        bucket.lock();
        try {
            return bucket.unlink(entry) != null;
        } finally {
            bucket.unlock();
        }
    }

    /** Fires what is due. Called by one thread at a time. */
    void turn() {
        long now = (nanoClock.getAsLong() - origin) / GRAIN_NANOS;
        long from = turned + 1;
        if (now - from >= BUCKETS) {
            turned = now;
            for (Bucket bucket : buckets) {
                empty(bucket, now);
            }
        } else {
            for (long tick = from; tick <= now; tick++) {
                turned = tick;
                empty(bucket(tick), now);
            }
        }
    }

    /** The first tick that may have something to fire, or {@link Long#MAX_VALUE}. */
    private long firstTick() {
        long from = turned + 1;
        for (int i = 0; i < BUCKETS; i++) {
            if (bucket(from + i).head != null) {
                return from + i;
            }
        }
        return UNKNOWN;
    }

    private Entry link(Call call, long wanted) {
        long tick = wanted;
        while (true) {
            Bucket bucket = bucket(tick);
            bucket.lock();
            try {
                long passed = turned;
                if (tick > passed) {
                    Entry entry = new Entry(bucket, tick, call);
                    bucket.link(entry);
                    return entry;
                }
                tick = passed + 1;
            } finally {
                bucket.unlock();
            }
        }
    }

    private void empty(Bucket bucket, long now) {
        if (bucket.head == null && !bucket.isLocked()) {
            return;
        }
        Call due = nextDue(bucket, now);
        while (due != null) {
            fire(due);
            due = nextDue(bucket, now);
        }
    }

    private static @Nullable Call nextDue(Bucket bucket, long now) {
        bucket.lock();
        try {
            for (Entry entry = bucket.head; entry != null; entry = entry.next) {
                if (entry.tick <= now) {
                    return bucket.unlink(entry);
                }
            }
            return null;
        } finally {
            bucket.unlock();
        }
    }

    private void fire(Call call) {
        try {
            expired.accept(call);
        } catch (Throwable fault) {
            faults.report("guard/deadline", fault);
        }
    }

    private Bucket bucket(long tick) {
        return buckets[(int) (tick & (BUCKETS - 1))];
    }

    private void start() {
        starting.lock();
        try {
            if (thread == null && turnsItself) {
                Thread wheel = AgentThreads.daemon("deadlines", this::run);
                thread = wheel;
                wheel.start();
            }
        } finally {
            starting.unlock();
        }
    }

    private void run() {
        while (true) {
            try {
                turn();
                sleep();
            } catch (Throwable fault) {
                faults.report("guard/deadline-timer", fault);
            }
        }
    }

    private void sleep() {
        wakeTick = UNKNOWN;
        long first = firstTick();
        if (first == UNKNOWN) {
            LockSupport.park(this);
            return;
        }
        wakeTick = first;
        long nanos = origin + first * GRAIN_NANOS - nanoClock.getAsLong();
        if (nanos > 0) {
            LockSupport.parkNanos(this, nanos);
        }
    }
}
