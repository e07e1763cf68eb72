package dev.resilience.scenarios;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;

/** Servers with one queue before them, as times that are computed: nobody works, so the capacity is exact. */
final class VirtualQueue<T> {
    /*
     * A server takes the next call at the very time it finished the one before, though we may learn of it later: late
     * timers make single answers late by as much, but never cost capacity.
     */
    private final int servers;
    private final int places;
    private final ServiceTime serviceTime;
    private final PriorityQueue<Running<T>> running =
            new PriorityQueue<>(Comparator.comparingLong(one -> one.finishNanos));
    private final Queue<T> waiting = new ArrayDeque<>();

    VirtualQueue(int servers, int places, ServiceTime serviceTime) {
        this.servers = servers;
        this.places = places;
        this.serviceTime = serviceTime;
    }

    /** Takes a call that arrives now, or returns false when the queue is full. */
    boolean offer(long now, T call) {
        if (running.size() < servers) {
            start(now, call);
            return true;
        }
        return waiting.size() < places && waiting.add(call);
    }

    /** Finishes what is finished by now, in order. */
    void advance(long now, Sink<T> finished) {
        for (Running<T> first = running.peek(); first != null && first.finishNanos <= now; first = running.peek()) {
            running.remove();
            T next = waiting.poll();
            if (next != null) {
                start(first.finishNanos, next);
            }
            finished.accept(first.finishNanos, first.call);
        }
    }

    /** When the next call finishes; {@code Long.MAX_VALUE} when there is none. */
    long next() {
        Running<T> first = running.peek();
        return first == null ? Long.MAX_VALUE : first.finishNanos;
    }

    private void start(long at, T call) {
        running.add(new Running<>(at + serviceTime.startedAt(at), call));
    }

    /** How long a call takes. */
    interface ServiceTime {
        long startedAt(long nanos);
    }

    /** Is told of each finished call. */
    interface Sink<T> {
        void accept(long nanos, T call);
    }

    private record Running<T>(long finishNanos, T call) {}
}
