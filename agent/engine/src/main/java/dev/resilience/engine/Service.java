package dev.resilience.engine;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * All instances of one service: sees to it that no more than a share of them is open while another works, and opens
 * them all when none does.
 */
public final class Service {
    /*
     * Only instances that somebody calls count, so that one which was replaced neither takes a place nor keeps the service
     * from opening. An instance that opens takes a place by a CAS on their number, so there are never more than may be,
     * however many fail at once. While the service is open that has no bound; when it closes, and when fewer instances are
     * left, the pulse closes those that are too many, the longest open first, as what is known of them is oldest.
     *
     * The service is open while no instance works: each is open or would be, but for some whose last calls all failed,
     * ENOUGH of them together. So an outage is seen that gives no single instance enough calls to judge by. It closes as
     * soon as one instance is closed and answers.
     */
    /** So many in a row come by chance once in a million calls even if half of them fail. */
    static final int ENOUGH = 20;

    private final Layers layers;
    private final List<LayeredBreaker> instances = new CopyOnWriteArrayList<>();
    private final AtomicInteger places = new AtomicInteger();
    private volatile int most;
    private volatile boolean open;

    public Service(Layers layers) {
        this.layers = layers;
    }

    /** A breaker of one more instance. */
    public Breaker add(BreakerConfig config, RandomGenerator random, Breaker.Listener listener, long nowNanos) {
        LayeredBreaker instance = new LayeredBreaker(config, layers, this, random, listener, nowNanos);
        instances.add(instance);
        count();
        return instance;
    }

    public void remove(Breaker instance) {
        if (instance instanceof LayeredBreaker layered && instances.remove(layered)) {
            layered.active(false);
            layered.revisePlace(0);
            count();
        }
    }

    /** Says whether somebody called this instance of late. */
    public void active(Breaker instance, boolean isActive) {
        if (instance instanceof LayeredBreaker layered && layered.isActive() != isActive) {
            layered.active(isActive);
            count();
        }
    }

    public boolean isEmpty() {
        return instances.isEmpty();
    }

    public Layers layers() {
        return layers;
    }

    /** Whether no instance works. */
    public boolean isOpen() {
        return open;
    }

    /** How many instances may be open while it is not. */
    int most() {
        return most;
    }

    private void count() {
        int active = 0;
        for (LayeredBreaker each : instances) {
            active += each.isActive() ? 1 : 0;
        }
        most = layers.ejectable(active);
    }

    /** Whether this instance may open. */
    boolean tryEject(LayeredBreaker instance) {
        if (instance.hasPlace() || !instance.isActive()) {
            return true;
        }
        int taken;
        do {
            taken = places.get();
            if (taken >= most && !open) {
                return false;
            }
        } while (!places.compareAndSet(taken, taken + 1));
        if (!instance.takePlace()) {
            placeIsFree();
        }
        return true;
    }

    void placeIsFree() {
        places.getAndDecrement();
    }

    /** To be called every 100 ms, after the pulses of its instances. */
    public void pulse(long nowNanos) {
        for (LayeredBreaker each : instances) {
            each.revisePlace(nowNanos);
            if (each.isActive() && each.state() != BreakerState.CLOSED && each.takePlace()) {
                places.getAndIncrement(); // it was idle, and is called again
            }
        }
        String cause = failure();
        open = cause != null;
        if (cause != null) {
            openAll(cause, nowNanos);
        }
        while (!open && places.get() > most && readmitOne(nowNanos)) {
            // one less
        }
    }

    /** Why no instance works, or null if one does. */
    private @Nullable String failure() {
        int sick = 0;
        int failing = 0;
        int failures = 0;
        for (LayeredBreaker each : instances) {
            if (!each.isActive()) {
                continue;
            }
            if (each.isHealthy()) {
                return null;
            }
            if (each.isSick()) {
                sick++;
            } else if (each.failedInARow() > 0) {
                failing++;
                failures += each.failedInARow();
            }
        }
        boolean isSure = failing == 0 || (sick + failing > 1 && failures >= ENOUGH);
        return sick + failing > 0 && isSure ? "service: none of " + (sick + failing) + " instances works" : null;
    }

    private void openAll(String cause, long nowNanos) {
        for (LayeredBreaker each : instances) {
            boolean isFailing = each.isSpared() || each.failedInARow() > 0;
            if (each.isActive() && each.state() == BreakerState.CLOSED && isFailing && tryEject(each)) {
                each.openForService(cause, nowNanos);
            }
        }
    }

    private boolean readmitOne(long nowNanos) {
        LayeredBreaker longest = null;
        for (LayeredBreaker each : instances) {
            if (each.hasPlace() && (longest == null || each.ejectedSince() - longest.ejectedSince() < 0)) {
                longest = each;
            }
        }
        if (longest != null) {
            longest.readmit("more than max-ejection of the instances were open", nowNanos);
        }
        return longest != null && !longest.hasPlace();
    }
}
