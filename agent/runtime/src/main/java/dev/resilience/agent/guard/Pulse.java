package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Sink;
import dev.resilience.engine.Service;
import dev.resilience.instrumentation.api.Faults;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Moves every breaker on, ten times a second: the one thread that decides while nobody calls. */
final class Pulse {
    /*
     * An open breaker ends by the pulse alone. If the pulse stood still, open breakers would refuse for ever; so a guard
     * asks isBeating() before it refuses, and admits when the last beat is older than STALLED. A frozen process looks
     * like that for a moment too, and then a few calls pass that need not have.
     *
     * It sees the circuits that are awake and no others. One that wakes up is put on a stack, linked through itself, by
     * the call that woke it; the next beat takes the whole stack into its own list, from which it drops what falls asleep.
     */
    static final long PERIOD_NANOS = 100_000_000;
    private static final long STALLED_NANOS = 5_000_000_000L;
    private static final int BEATS_PER_SWEEP = 10;
    /** How many beats apart the guards are looked through for those that may leave. */
    static final int BEATS_PER_LEAVING = 100;

    private final List<Circuit> awake = new ArrayList<>();
    private final AtomicReference<@Nullable Circuit> woken = new AtomicReference<>();
    private final List<Service> services = new CopyOnWriteArrayList<>();
    private volatile @Nullable Runnable leaving;
    private volatile @Nullable LongConsumer beating;
    private final LongSupplier nanoClock;
    private final Sink sink;
    private final InFlight inFlight;
    private final InFlight streams;
    private final LimitTable limits;
    private final Faults faults;
    private final boolean beatsItself;
    private final ReentrantLock starting = new ReentrantLock();
    private volatile @Nullable Thread thread;
    private volatile long lastBeat;
    private long beats;

    /** With {@code beatsItself} false it has no thread, and somebody calls {@link #beat}. */
    Pulse(
            LongSupplier nanoClock,
            Sink sink,
            InFlight inFlight,
            InFlight streams,
            LimitTable limits,
            Faults faults,
            boolean beatsItself) {
        this.beatsItself = beatsItself;
        this.nanoClock = nanoClock;
        this.sink = sink;
        this.inFlight = inFlight;
        this.streams = streams;
        this.limits = limits;
        this.faults = faults;
        this.lastBeat = nanoClock.getAsLong();
    }

    /** Sees this circuit from now on, until it falls asleep. */
    void add(Circuit circuit) {
        Circuit first;
        do {
            first = woken.get();
            circuit.nextAwake = first;
        } while (!woken.compareAndSet(first, circuit));
    }

    /** The services whose instances it sees to, after the instances themselves. */
    List<Service> services() {
        return services;
    }

    /** What to do every {@link #BEATS_PER_LEAVING} beats. */
    void leaving(Runnable task) {
        leaving = task;
    }

    /** What to do with each beat; it is given the time. */
    void beating(LongConsumer task) {
        beating = task;
    }

    /** How many circuits it sees. */
    int awake() {
        return awake.size();
    }

    long nowNanos() {
        return nanoClock.getAsLong();
    }

    /** What other processes go by as well: all limits of one target look below their latency at the same time. */
    static long timeOfDayNanos() {
        return TimeUnit.MILLISECONDS.toNanos(InstantSource.system().millis());
    }

    /** When it last beat: at most a beat ago, while it beats. */
    long lastBeat() {
        return lastBeat;
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
                look();
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
        look();
        takeWoken();
        int kept = 0;
        for (int i = 0; i < awake.size(); i++) {
            Circuit circuit = awake.get(i);
            if (!pulse(circuit, now)) {
                awake.set(kept++, circuit);
            }
        }
        awake.subList(kept, awake.size()).clear();
        for (Service service : services) {
            pulse(service, now);
        }
        sweep(now);
        lastBeat = now;
    }

    private void look() {
        try {
            sink.look();
        } catch (Throwable fault) {
            faults.report("telemetry/look", fault);
        }
    }

    private void takeWoken() {
        Circuit each = woken.getAndSet(null);
        while (each != null) {
            Circuit next = each.nextAwake;
            each.nextAwake = null;
            awake.add(each);
            each = next;
        }
    }

    /** Whether it fell asleep. */
    private boolean pulse(Circuit circuit, long now) {
        try {
            if (!circuit.isRetired()) {
                circuit.pulse(now);
                tell(circuit);
            }
            return circuit.fallsAsleep();
        } catch (Throwable fault) {
            faults.report("guard/pulse", fault);
            return false;
        }
    }

    private void pulse(Service service, long now) {
        try {
            service.pulse(now);
        } catch (Throwable fault) {
            faults.report("guard/service", fault);
        }
    }

    private void sweep(long now) {
        beats++;
        try {
            limits.pulse(now);
            LongConsumer each = beating;
            if (each != null) {
                each.accept(now);
            }
            if (beats % BEATS_PER_SWEEP == 0) {
                inFlight.sweep(now);
                streams.sweep(now);
                limits.observed().sweep(now);
            }
            Runnable task = leaving;
            if (beats % BEATS_PER_LEAVING == 0 && task != null) {
                task.run();
            }
        } catch (Throwable fault) {
            faults.report("guard/sweep", fault);
        }
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
