package dev.resilience.simulation;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One of Netflix' limits, in its simple limiter, on virtual time. */
final class Netflix implements Policy {
    private final Limiter<Void> limiter;
    private final List<Limiter.Listener> listeners = new ArrayList<>();
    private final ArrayDeque<Integer> free = new ArrayDeque<>();

    Netflix(Simulation simulation, Limit limit) {
        this.limiter = SimpleLimiter.newBuilder()
                .limit(limit)
                .nanoClock(simulation::now)
                .build();
    }

    /** A permit is the place of the call's listener. */
    @Override
    @SuppressWarnings("NullAway") // its context may be null, and is not used
    public long tryAcquire(long nowNanos) {
        Optional<Limiter.Listener> listener = limiter.acquire(null);
        if (listener.isEmpty()) {
            return REFUSED;
        }
        if (free.isEmpty()) {
            free.push(listeners.size());
            listeners.add(listener.get());
        }
        int place = free.pop();
        listeners.set(place, listener.get());
        return place;
    }

    /** A timeout is a drop, as its documentation has it; another failure says nothing about load. */
    @Override
    public void settle(long permit, End end, long nowNanos) {
        Limiter.Listener listener = listeners.get((int) permit);
        free.push((int) permit);
        switch (end) {
            case ANSWERED -> listener.onSuccess();
            case FAILED -> listener.onIgnore();
            case TIMED_OUT -> listener.onDropped();
        }
    }
}
