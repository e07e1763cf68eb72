package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Says when the deadline of a call is over: one thread that sleeps until the first of those in flight. */
final class DeadlineTimer {
    /*
     * Nothing is armed and nothing disarmed: a call carries its deadline into the table of calls in flight, where it is
     * listed anyway, and the thread looks the table through for what is due and for when to look next. In ordinary
     * traffic, where calls end long before their deadline, that is once in a deadline.
     *
     * "wakesAt" is when the thread looks next. A call is listed before it reads that, and wakes the thread if its own
     * deadline is sooner. The thread writes it and looks through the table once more, for a call that was listed too late
     * for the first look and read it too soon; so one of the two sees the other. It sleeps no longer than it wrote before
     * that second look, as a call that came too late for that one as well may have relied on it.
     */

    /** Never: on the scale of this timer, which begins with 0. */
    static final long NEVER = Long.MAX_VALUE;

    /** Looks are no closer than this, however many deadlines there are: half of what the timer may be late. */
    private static final long GRAIN_NANOS = 500_000;

    private final LongSupplier nanoClock;
    private final InFlight inFlight;
    private final InFlight streams;
    private final LeakWatch leaks;
    private final Consumer<Call> expired;
    private final Faults faults;
    private final boolean turnsItself;
    private final long origin;
    private final ReentrantLock starting = new ReentrantLock();
    private volatile long wakesAt = NEVER;
    private volatile @Nullable Thread thread;

    /** With {@code turnsItself} false it has no thread, and somebody calls {@link #turn}. */
    DeadlineTimer(
            LongSupplier nanoClock,
            InFlight inFlight,
            InFlight streams,
            LeakWatch leaks,
            Consumer<Call> expired,
            Faults faults,
            boolean turnsItself) {
        this.nanoClock = nanoClock;
        this.inFlight = inFlight;
        this.streams = streams;
        this.leaks = leaks;
        this.expired = expired;
        this.faults = faults;
        this.turnsItself = turnsItself;
        this.origin = nanoClock.getAsLong();
    }

    /** On the scale of this timer, when {@code delayNanos} after this instant of the clock are over. */
    long at(long startNanos, long delayNanos) {
        return Math.max(1, startNanos - origin + delayNanos);
    }

    /** On the scale of this timer. */
    long now() {
        return nanoClock.getAsLong() - origin;
    }

    /** A call with this deadline was listed. */
    void listed(long deadline) {
        if (deadline < wakesAt) {
            wake();
        }
    }

    /** Looks once for what is due; returns when the first of the others is. Called by one thread at a time. */
    long turn() {
        long next = Math.min(inFlight.firstDeadline(now(), this::fire), streams.firstDeadline(now(), this::fire));
        return Math.min(next, leaks.turn(now()));
    }

    /** Looks so that who is listed meanwhile is seen, or sees that it wakes too late; returns when it looks next. */
    long look() {
        long first = turn();
        wakesAt = first;
        long next = Math.min(first, turn());
        wakesAt = next;
        return next;
    }

    private void fire(Call call) {
        try {
            expired.accept(call);
        } catch (Throwable fault) {
            faults.report("guard/deadline", fault);
        }
    }

    private void wake() {
        Thread sleeping = thread;
        if (sleeping == null) {
            start();
        } else {
            LockSupport.unpark(sleeping);
        }
    }

    private void start() {
        starting.lock();
        try {
            if (thread == null && turnsItself) {
                Thread looking = AgentThreads.daemon("deadlines", this::run);
                thread = looking; // before it looks for the first time: who comes meanwhile wakes it
                startOrForget(looking);
            }
        } finally {
            starting.unlock();
        }
    }

    /** One that cannot be started is tried again for the next deadline: there may be room for a thread then. */
    private void startOrForget(Thread looking) {
        boolean isStarted = false;
        try {
            looking.start();
            isStarted = true;
        } finally {
            if (!isStarted) {
                thread = null;
            }
        }
    }

    private void run() {
        while (true) {
            try {
                sleepUntil(look());
            } catch (Throwable fault) {
                faults.report("guard/deadline-timer", fault);
            }
        }
    }

    private void sleepUntil(long until) {
        if (until == NEVER) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, Math.max(GRAIN_NANOS, until - now()));
        }
    }
}
