package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Sink;
import dev.resilience.instrumentation.api.Faults;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Moves every breaker on, ten times a second: the one thread that decides while nobody calls. */
final class Pulse {
    /*
     * An open breaker ends by the pulse alone. If the pulse stood still, open breakers would refuse for ever; so a guard
     * asks isBeating() before it refuses, and admits when the last beat is older than STALLED. A frozen process looks
     * like that for a moment too, and then a few calls pass that need not have.
     */
    static final long PERIOD_NANOS = 100_000_000;
    private static final long STALLED_NANOS = 5_000_000_000L;
    private static final int BEATS_PER_SWEEP = 10;

    private final ConcurrentHashMap.KeySetView<Circuit, Boolean> circuits = ConcurrentHashMap.newKeySet();
    private final LongSupplier nanoClock;
    private final Sink sink;
    private final InFlight inFlight;
    private final Faults faults;
    private final boolean beatsItself;
    private final ReentrantLock starting = new ReentrantLock();
    private volatile @Nullable Thread thread;
    private volatile long lastBeat;
    private long beats;

    /** With {@code beatsItself} false it has no thread, and somebody calls {@link #beat}. */
    Pulse(LongSupplier nanoClock, Sink sink, InFlight inFlight, Faults faults, boolean beatsItself) {
        this.beatsItself = beatsItself;
        this.nanoClock = nanoClock;
        this.sink = sink;
        this.inFlight = inFlight;
        this.faults = faults;
        this.lastBeat = nanoClock.getAsLong();
    }

    void add(Circuit circuit) {
        circuits.add(circuit);
    }

    void remove(Circuit circuit) {
        circuits.remove(circuit);
    }

    boolean isBeating(long nowNanos) {
        return nowNanos - lastBeat < STALLED_NANOS;
    }

    /** Starts the thread unless it runs. */
    void start() {
        if (thread != null || !beatsItself) {
            return;
        }
        starting.lock();
        try {
            if (thread == null) {
                lastBeat = nanoClock.getAsLong();
                Thread beating = AgentThreads.daemon("pulse", this::run);
                thread = beating;
                beating.start();
            }
        } finally {
            starting.unlock();
        }
    }

    /** One beat. Never throws. */
    void beat() {
        long now = nanoClock.getAsLong();
        for (Circuit circuit : circuits) {
            try {
                circuit.pulse(now);
                tell(circuit);
            } catch (Throwable fault) {
                faults.report("guard/pulse", fault);
            }
        }
        if (++beats % BEATS_PER_SWEEP == 0) {
            try {
                inFlight.sweep(now);
            } catch (Throwable fault) {
                faults.report("guard/sweep", fault);
            }
        }
        lastBeat = now;
    }

    private void tell(Circuit circuit) {
        if (!circuit.hasNews()) {
            return;
        }
        for (Signal.Transition transition : circuit.news(circuit.subject())) {
            sink.accept(transition);
        }
        for (Signal.Transition transition : circuit.lostNews(circuit.subject())) {
            sink.accept(transition);
        }
    }

    private void run() {
        while (true) {
            try {
                beat();
                LockSupport.parkNanos(this, PERIOD_NANOS);
            } catch (Throwable fault) {
                faults.report("guard/pulse", fault);
            }
        }
    }
}
