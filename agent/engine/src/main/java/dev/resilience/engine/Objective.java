package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Whether one instance keeps a latency objective. It admits and refuses nobody: it judges calls that others admitted. */
final class Objective {
    /*
     * One phase at a time behind one reference, and a call belongs to the phase in which it began: calls of an earlier
     * one are passed by. The pulse alone changes it. Kept, it counts in a window. Missed, it waits. On trial, as many
     * calls as a breaker has probes decide, and a call that does not keep the objective has failed.
     */
    private record Phase(BreakerState state, long since, AtomicInteger kept, AtomicInteger missed) {
        Phase(BreakerState state, long since) {
            this(state, since, new AtomicInteger(), new AtomicInteger());
        }
    }

    private final BreakerConfig config;
    private final RandomGenerator random;
    private final long boundNanos;
    private final long needed;
    private volatile Phase phase;
    private volatile Window window;
    private volatile Wait wait = Wait.NONE;

    Objective(BreakerConfig config, RandomGenerator random, long nowNanos) {
        this.config = config;
        this.random = random;
        this.boundNanos = ((Strategy.Slo) config.strategy()).slo().toNanos();
        this.needed = Share.of(config.probeSuccessRate()).leastOf(config.probes());
        this.window = Window.of(config.strategy(), 0, nowNanos);
        this.phase = new Phase(BreakerState.CLOSED, nowNanos);
    }

    void ended(Outcome outcome, long latencyNanos, long nowNanos) {
        Phase current = phase;
        if (outcome == Outcome.IGNORED || nowNanos - latencyNanos - current.since < 0) {
            return;
        }
        boolean kept = outcome == Outcome.SUCCESS && latencyNanos <= boundNanos;
        if (current.state == BreakerState.HALF_OPEN) {
            (kept ? current.kept : current.missed).incrementAndGet();
        } else if (current.state == BreakerState.CLOSED && outcome == Outcome.SUCCESS) {
            window.succeeded(latencyNanos);
        } else if (current.state == BreakerState.CLOSED) {
            window.failed(latencyNanos);
        }
    }

    void pulse(BooleanSupplier mayOpen, long nowNanos) {
        Phase current = phase;
        switch (current.state) {
            case CLOSED -> {
                window.moveOn(nowNanos);
                if (window.isBreached() && mayOpen.getAsBoolean()) {
                    open(0, "slo: " + window.counts(), nowNanos);
                }
            }
            case OPEN -> {
                if (wait.leftNanos(nowNanos) == 0 || nowNanos - current.since < 0) {
                    phase = new Phase(BreakerState.HALF_OPEN, nowNanos);
                }
            }
            case HALF_OPEN -> decide(current, nowNanos);
        }
    }

    private void decide(Phase trial, long nowNanos) {
        int missed = trial.missed.get();
        if (trial.kept.get() >= needed) {
            readmit(nowNanos);
        } else if (missed > config.probes() - needed) {
            open(Word.generationAfter(wait.generation(), 2), "slo: missed by " + missed + " calls on trial", nowNanos);
        }
    }

    private void open(long generation, String cause, long nowNanos) {
        wait = wait.next(config, random, generation, cause, nowNanos);
        phase = new Phase(BreakerState.OPEN, nowNanos);
    }

    /** Begins anew, as if it had been kept. */
    void readmit(long nowNanos) {
        if (phase.state != BreakerState.CLOSED) {
            wait = Wait.NONE;
            window = window.next(0, nowNanos);
            phase = new Phase(BreakerState.CLOSED, nowNanos);
        }
    }

    /** Why no call may pass now, or null if calls may. */
    @Nullable
    String cause() {
        return phase.state == BreakerState.OPEN ? wait.cause() : null;
    }

    long retryAfterNanos(long nowNanos) {
        return phase.state == BreakerState.OPEN ? wait.leftNanos(nowNanos) : 0;
    }

    /** Whether it is missed and its instance open to calls all the same. */
    boolean isBlamed() {
        return phase.state == BreakerState.CLOSED && window.isBreached();
    }

    boolean isStill() {
        return phase.state == BreakerState.CLOSED && window.isEmpty();
    }
}
