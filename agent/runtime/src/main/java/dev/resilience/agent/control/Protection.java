package dev.resilience.agent.control;

import dev.resilience.agent.guard.AgentThreads;
import dev.resilience.agent.guard.GuardRegistry;
import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.policy.Problem;
import dev.resilience.agent.signal.Sink;
import dev.resilience.instrumentation.api.Faults;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The agent at work: the guards under the policies in force, and the thread that does what the operator asks. */
public final class Protection {
    private static final long LOOK_NANOS = 10_000_000_000L;
    private static final long DRAIN_STEP_NANOS = 10_000_000;
    /** What cut calls have to hand their exception to their callers, before the hooks run. */
    private static final long LAST_WORDS_NANOS = 500_000_000;
    /** What the callers of the last calls have to answer callers of their own. */
    private static final long LINGER_NANOS = 200_000_000;

    private final Supplier<Loaded> source;
    private final GuardRegistry guards;
    private final Signals signals;
    private final Faults faults;
    private final Consumer<String> out;
    private final ReentrantLock reloading = new ReentrantLock();
    private final List<Runnable> beforeExit = new CopyOnWriteArrayList<>();

    private Protection(
            Supplier<Loaded> source, GuardRegistry guards, Signals signals, Faults faults, Consumer<String> out) {
        this.source = source;
        this.guards = guards;
        this.signals = signals;
        this.faults = faults;
        this.out = out;
    }

    /**
     * Puts the policies in force and obeys signals from now on. Never throws: what cannot be read only observes.
     *
     * @param loaded what {@code source} said at start
     * @param source reads the policies again
     * @param out prints one whole line for the operator
     */
    public static Protection start(
            Loaded loaded, Supplier<Loaded> source, Sink sink, Faults faults, Signals signals, Consumer<String> out) {
        for (Problem problem : loaded.problems()) {
            out.accept("resilience: " + problem);
        }
        GuardRegistry guards = new GuardRegistry(loaded.policies(), sink, faults, out);
        Protection protection = new Protection(source, guards, signals, faults, out);
        try {
            signals.installTerm();
            Thread control = AgentThreads.daemon("control", new Runnable() {
                @Override
                public void run() {
                    protection.obey();
                }
            });
            control.start();
            signals.connect(control);
        } catch (Throwable fault) {
            faults.report("control/start", fault);
        }
        return protection;
    }

    public GuardRegistry guards() {
        return guards;
    }

    /** Runs once after the drain of SIGTERM, before the hooks of the JVM. Must be bounded. */
    public void beforeExit(Runnable task) {
        beforeExit.add(task);
    }

    /** Reads the policies again and puts them in force, all at once; false when they are not usable and the old stay. */
    public boolean reload() {
        reloading.lock();
        try {
            Loaded loaded = source.get();
            if (loaded.usable()) {
                guards.reload(loaded.policies());
            }
            tell(loaded);
            return loaded.usable();
        } catch (Throwable fault) {
            faults.report("control/reload", fault);
            return false;
        } finally {
            reloading.unlock();
        }
    }

    private void tell(Loaded loaded) {
        for (Problem problem : loaded.problems()) {
            out.accept("resilience: " + problem);
        }
        out.accept(
                loaded.usable()
                        ? "resilience: policies reloaded"
                        : "resilience: policies not reloaded, those before stay in force");
    }

    private void obey() {
        while (true) {
            try {
                if (signals.isTerm()) {
                    end();
                    return;
                }
                boolean reload = signals.takeReload();
                if (reload) {
                    reload();
                }
                signals.lookForReplaced();
                if (!reload) {
                    LockSupport.parkNanos(this, LOOK_NANOS);
                }
            } catch (Throwable fault) {
                faults.report("control/run", fault);
            }
        }
    }

    private void end() {
        try {
            if (guards.enforces()) {
                drain(guards.policies());
            }
        } catch (Throwable fault) {
            faults.report("control/drain", fault);
        } finally {
            signals.chainTerm();
        }
    }

    private void drain(PolicySet policies) {
        guards.close();
        out.accept("resilience: draining " + guards.inFlight() + " calls, for at most "
                + policies.drain().toMillis() + "ms");
        awaitNone(policies.drain().toNanos());
        int left = guards.inFlight();
        if (left > 0) {
            out.accept("resilience: cutting " + left + " calls short");
            guards.cutAll();
            awaitNone(LAST_WORDS_NANOS);
        }
        linger();
        for (Runnable task : beforeExit) {
            try {
                task.run();
            } catch (Throwable fault) {
                faults.report("control/before-exit", fault);
            }
        }
    }

    private void linger() {
        long start = System.nanoTime();
        while (!signals.isNow() && System.nanoTime() - start < LINGER_NANOS) {
            LockSupport.parkNanos(this, DRAIN_STEP_NANOS);
        }
    }

    private void awaitNone(long nanos) {
        long start = System.nanoTime();
        while (guards.inFlight() > 0 && !signals.isNow() && System.nanoTime() - start < nanos) {
            LockSupport.parkNanos(this, DRAIN_STEP_NANOS);
        }
    }
}
