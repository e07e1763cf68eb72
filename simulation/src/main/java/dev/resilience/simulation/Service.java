package dev.resilience.simulation;

import java.util.ArrayDeque;

/** A service: so many threads, and a backlog of requests that wait for one. */
final class Service {
    private record Waiting(Route route, long intendedNanos) {}

    private final int backlog;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private int idle;
    private boolean releasing;

    Service(int threads, int backlog) {
        this.idle = threads;
        this.backlog = backlog;
    }

    void arrive(Route route, long intendedNanos) {
        if (idle > 0) {
            idle--;
            route.begin(intendedNanos);
        } else if (waiting.size() < backlog) {
            waiting.add(new Waiting(route, intendedNanos));
        } else {
            route.turnedAway(intendedNanos);
        }
    }

    /** A request has ended. Those that wait may end at once too, so they take turns instead of calling each other. */
    void release() {
        idle++;
        if (releasing) {
            return;
        }
        releasing = true;
        while (idle > 0 && !waiting.isEmpty()) {
            idle--;
            Waiting next = waiting.remove();
            next.route.begin(next.intendedNanos);
        }
        releasing = false;
    }
}
