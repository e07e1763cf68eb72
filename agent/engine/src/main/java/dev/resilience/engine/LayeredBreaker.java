package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The breaker of one instance with the layers beside and above it. */
final class LayeredBreaker implements Breaker {
    /*
     * The outcome of all layers is the state of the instance's own breaker: each layer that refuses opens it, and the
     * pulse keeps it so. A call therefore asks that breaker and nobody else, whatever the number of layers, and there is
     * one way back for all of them, its probes. What a call that ended costs beside it is one counter, and the window of
     * the objective if there is one.
     *
     * A breaker that opens asks its service first, and takes one of the places that are to be had; it gives it back as
     * soon as it closes.
     */
    private final BreakerConfig config;
    private final Instance own;
    private final @Nullable Objective objective;
    private final @Nullable Service service;
    private final BooleanSupplier mayOpen;
    private final AtomicBoolean ejected = new AtomicBoolean();
    /** How many calls failed in a row, below 0; 1 after a success, 0 before any call ended. */
    private final AtomicInteger row = new AtomicInteger();

    private volatile boolean active = true;
    private volatile boolean isOfService;

    /** The pulse's own: since when it is ejected, and whether the last one found it ejected and closed. */
    private long ejectedSince;

    private boolean idlePlace;

    LayeredBreaker(
            BreakerConfig config,
            Layers layers,
            @Nullable Service service,
            RandomGenerator random,
            Listener listener,
            long nowNanos) {
        this.config = config;
        this.service = service;
        this.mayOpen = () -> service == null || service.tryEject(this);
        BreakerConfig slo = layers.slo();
        this.objective = slo == null ? null : new Objective(slo, random, nowNanos);
        this.own = Instance.of(config, random, new Above(listener), nowNanos);
    }

    /** What the instance's own breaker asks and tells. */
    private final class Above implements Listener {
        private final Listener listener;

        Above(Listener listener) {
            this.listener = listener;
        }

        @Override
        public void transition(BreakerState from, BreakerState to, String counts) {
            if (to == BreakerState.CLOSED) {
                giveBack();
            }
            listener.transition(from, to, counts);
        }

        @Override
        public void counted(Counted counted) {
            listener.counted(counted);
        }

        @Override
        public long timeOfDay(long nowNanos) {
            return listener.timeOfDay(nowNanos);
        }

        @Override
        public boolean mayOpen() {
            return mayOpen.getAsBoolean();
        }
    }

    @Override
    public long tryAcquire(long nowNanos) {
        return own.tryAcquire(nowNanos);
    }

    @Override
    public long tryAcquireUncounted(long nowNanos) {
        return own.tryAcquireUncounted(nowNanos);
    }

    /** An objective wants to know of each call how long it took. */
    @Override
    public boolean isHot() {
        return objective == null && own.isHot();
    }

    @Override
    public long tryAcquireUntimed() {
        return own.tryAcquireUntimed();
    }

    @Override
    public void settleUntimed(long permit) {
        endRow();
        own.settleUntimed(permit);
    }

    @Override
    public void settle(long permit, Outcome outcome, long nowNanos) {
        if (Breaker.isRefusal(permit)) {
            return;
        }
        if (outcome == Outcome.SUCCESS) {
            endRow();
        } else if (outcome == Outcome.FAILURE) {
            row.getAndUpdate(before -> before > 0 ? -1 : Math.max(before - 1, -Service.ENOUGH));
        }
        if (objective != null) {
            objective.ended(outcome, Math.max(0, own.ageNanos(permit, nowNanos)), nowNanos);
        }
        own.settle(permit, outcome, nowNanos);
    }

    private void endRow() {
        if (row.get() <= 0) {
            row.set(1);
        }
    }

    @Override
    public void trip(String cause, long nowNanos) {
        own.trip(cause, nowNanos);
    }

    @Override
    public void pulse(long nowNanos) {
        own.pulse(nowNanos);
        if (objective != null) {
            objective.pulse(mayOpen, nowNanos);
            String missed = objective.cause();
            if (missed != null) {
                own.open(missed, true, nowNanos);
            }
        }
    }

    @Override
    public BreakerState state() {
        return own.state();
    }

    @Override
    public boolean isAtRest() {
        return own.isAtRest() && (objective == null || objective.isStill());
    }

    @Override
    public boolean isStill() {
        return own.isStill() && (objective == null || objective.isStill());
    }

    @Override
    public long retryAfterNanos(long nowNanos) {
        long left = own.retryAfterNanos(nowNanos);
        return objective == null ? left : Math.max(left, objective.retryAfterNanos(nowNanos));
    }

    @Override
    public @Nullable Stall stall(long nowNanos) {
        return own.stall(nowNanos);
    }

    @Override
    public int limit() {
        return own.limit();
    }

    @Override
    public int inFlight() {
        return own.inFlight();
    }

    @Override
    public @Nullable String cause() {
        return isSpared() ? "spared by max-ejection: " + own.counts() : own.cause();
    }

    @Override
    public long tally() {
        return own.tally();
    }

    @Override
    public String counts(long tally) {
        return own.counts(tally);
    }

    @Override
    public @Nullable Layer layer() {
        if (own.state() == BreakerState.CLOSED) {
            return null;
        }
        if (isOfService) {
            return Layer.SERVICE;
        }
        return objective != null && objective.cause() != null ? Layer.SLO : Layer.INSTANCE;
    }

    @Override
    public boolean isSpared() {
        return own.isBlamed() || (objective != null && objective.isBlamed() && own.state() == BreakerState.CLOSED);
    }

    @Override
    public BreakerConfig config() {
        return config;
    }

    // what follows is for its service

    /** Whether somebody calls it. */
    boolean isActive() {
        return active;
    }

    void active(boolean isActive) {
        active = isActive;
    }

    /** Whether its last call succeeded and nothing speaks against it. */
    boolean isHealthy() {
        return row.get() > 0 && !isSick();
    }

    /** Whether it refuses calls, or would if it were let. */
    boolean isSick() {
        return own.state() != BreakerState.CLOSED || isSpared();
    }

    /** How many of its calls failed in a row, as far as it matters to its service. */
    int failedInARow() {
        return -Math.min(0, row.get());
    }

    /** Whether it has no place yet and takes one now. */
    boolean takePlace() {
        return !ejected.get() && ejected.compareAndSet(false, true);
    }

    boolean hasPlace() {
        return ejected.get();
    }

    private void giveBack() {
        isOfService = false;
        if (service != null && ejected.compareAndSet(true, false)) {
            service.placeIsFree();
        }
    }

    /** Gives back a place that was taken to open and not used, and that of an instance which nobody calls. */
    void revisePlace(long nowNanos) {
        boolean isClosed = own.state() == BreakerState.CLOSED;
        if (hasPlace() && (!active || (isClosed && idlePlace))) {
            giveBack();
        }
        boolean had = hasPlace();
        idlePlace = isClosed && had;
        if (!had || isClosed) {
            ejectedSince = nowNanos;
        }
    }

    long ejectedSince() {
        return ejectedSince;
    }

    void openForService(String cause, long nowNanos) {
        own.open(cause, false, nowNanos);
        isOfService = own.state() != BreakerState.CLOSED;
    }

    void readmit(String why, long nowNanos) {
        if (objective != null) {
            objective.readmit(nowNanos);
        }
        own.readmit(why, nowNanos);
    }
}
