package dev.resilience.agent.guard;

import dev.resilience.engine.ConcurrencyLimit;
import dev.resilience.instrumentation.api.Call;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The places of calls in flight, and the threads that wait for one: the oldest has the first turn. */
final class Places {
    /*
     * A thread that waits stands in line, under the lock, before it looks for a place; a call that leaves gives its place
     * back before it looks whether anybody stands in line. So one of the two sees the other. While anybody waits, whoever
     * comes may not go first.
     *
     * The lock is held for a look and a signal, never while waiting, and virtual threads wait without their carrier.
     */
    private final ConcurrencyLimit limit;
    private final InFlight inFlight;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Condition> line = new ArrayDeque<>();
    private volatile int waiting;

    /** {@code inFlight} says whether a call may begin at all. */
    Places(int calls, InFlight inFlight) {
        this.limit = new ConcurrencyLimit(calls);
        this.inFlight = inFlight;
    }

    boolean tryEnter() {
        return waiting == 0 && limit.tryEnter();
    }

    void exit() {
        limit.exit();
        if (waiting > 0) {
            wakeFirst();
        }
    }

    /**
     * Waits for a place; false when there was none in time, when {@code most} wait already, when the thread is interrupted
     * (and it still is then), or when the call may not begin any more.
     */
    boolean enter(Call call, int most, long nanos) {
        lock.lock();
        try {
            return line.size() < most && awaitTurn(call, nanos);
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitTurn(Call call, long nanos) {
        Condition turn = lock.newCondition();
        line.addLast(turn);
        waiting = line.size();
        try {
            for (long left = nanos; ; left = turn.awaitNanos(left)) {
                if (line.peekFirst() == turn && limit.tryEnter()) {
                    return true;
                }
                if (left <= 0 || !inFlight.mayBegin(call)) {
                    return false;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            line.remove(turn);
            waiting = line.size();
            signalFirst();
        }
    }

    void limit(int calls) {
        if (calls != limit.limit()) {
            limit.limit(calls);
            wakeFirst();
        }
    }

    int limit() {
        return limit.limit();
    }

    int inFlight() {
        return limit.inFlight();
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
