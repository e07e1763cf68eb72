package dev.resilience.agent.guard;

import dev.resilience.engine.Breaker;
import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.Outcome;
import dev.resilience.instrumentation.api.Call;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The places of calls in flight, and the threads that wait for one: the oldest has the first turn. */
final class Places {
    /*
     * A thread that waits stands in line, under the lock, before it looks for a place; a call that leaves gives its place
     * back before it looks whether anybody stands in line. So one of the two sees the other. While anybody waits, whoever
     * comes may not go first.
     *
     * The lock is held for a look and a signal, never while waiting, and virtual threads wait without their carrier.
     */
    private final Gate gate;
    private final LongSupplier nanoClock;
    private final InFlight inFlight;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Condition> line = new ArrayDeque<>();
    private volatile int waiting;

    /** {@code inFlight} says whether a call may begin at all. */
    Places(Gate gate, InFlight inFlight, LongSupplier nanoClock) {
        this.gate = gate;
        this.nanoClock = nanoClock;
        this.inFlight = inFlight;
    }

    /** Returns a permit, or {@link Breaker#LIMITED}. */
    long tryEnter(long nowNanos) {
        return waiting == 0 ? gate.tryEnter(nowNanos) : Breaker.LIMITED;
    }

    void exit(long permit, Outcome outcome, long nowNanos) {
        gate.exit(permit, outcome, nowNanos);
        if (waiting > 0) {
            wakeFirst();
        }
    }

    /**
     * Waits for a place and returns its permit; {@link Breaker#LIMITED} when there was none in time, when {@code most} wait
     * already, when the thread is interrupted (and it still is then), or when the call may not begin any more.
     */
    long enter(Call call, int most, long nanos) {
        lock.lock();
        try {
            return line.size() < most ? awaitTurn(call, nanos) : Breaker.LIMITED;
        } finally {
            lock.unlock();
        }
    }

    private long awaitTurn(Call call, long nanos) {
        Condition turn = lock.newCondition();
        line.addLast(turn);
        waiting = line.size();
        try {
            for (long left = nanos; ; left = turn.awaitNanos(left)) {
                long permit = line.peekFirst() == turn ? gate.tryEnter(nanoClock.getAsLong()) : Breaker.LIMITED;
                if (permit != Breaker.LIMITED || left <= 0 || !inFlight.mayBegin(call)) {
                    return permit;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Breaker.LIMITED;
        } finally {
            line.remove(turn);
            waiting = line.size();
            signalFirst();
        }
    }

    /** Whether it can go on under a new configuration, with what is in flight. */
    boolean adopts(ConcurrencyConfig config, @Nullable ConcurrencyConfig before) {
        if (gate instanceof Gate.Fixed fixed && config instanceof ConcurrencyConfig.Fixed wanted) {
            fixed.count().limit(wanted.calls());
            wakeFirst();
            return true;
        }
        return config.equals(before);
    }

    /** Lets the limit move, and whoever waits have what is free now. */
    void pulse(long nowNanos) {
        gate.pulse(nowNanos);
        if (waiting > 0) {
            wakeFirst();
        }
    }

    int limit() {
        return gate.limit();
    }

    int inFlight() {
        return gate.inFlight();
    }

    int waiting() {
        return waiting;
    }

    /** Has everybody in line look whether their call may still begin. */
    void wakeAll() {
        lock.lock();
        try {
            line.forEach(Condition::signal);
        } finally {
            lock.unlock();
        }
    }

    private void wakeFirst() {
        lock.lock();
        try {
            signalFirst();
        } finally {
            lock.unlock();
        }
    }

    private void signalFirst() {
        Condition first = line.peekFirst();
        if (first != null) {
            first.signal();
        }
    }
}
