package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The probes under way, by their permits. Whoever takes a permit out of it, the call that ended or the pulse that gave
 * it up, decides what the probe counts for; there is only one.
 */
final class ProbeTable {
    private final AtomicLongArray places;

    ProbeTable(int probes) {
        places = new AtomicLongArray(probes);
        clear();
    }

    boolean add(long permit) {
        return replace(Breaker.REFUSED, permit);
    }

    boolean remove(long permit) {
        return replace(permit, Breaker.REFUSED);
    }

    private boolean replace(long found, long written) {
        for (int place = 0; place < places.length(); place++) {
            if (places.get(place) == found && places.compareAndSet(place, found, written)) {
                return true;
            }
        }
        return false;
    }

    /** Takes out what is {@code timeoutNanos} old or older, and says how many probes of this generation that were. */
    int expire(long generation, long nowNanos, long timeoutNanos) {
        int expired = 0;
        for (int place = 0; place < places.length(); place++) {
            long permit = places.get(place);
            if (permit != Breaker.REFUSED
                    && Word.age(permit, nowNanos) >= timeoutNanos
                    && places.compareAndSet(place, permit, Breaker.REFUSED)
                    && Word.generationOf(permit) == generation) {
                expired++;
            }
        }
        return expired;
    }

    void clear() {
        for (int place = 0; place < places.length(); place++) {
            places.set(place, Breaker.REFUSED);
        }
    }
}
