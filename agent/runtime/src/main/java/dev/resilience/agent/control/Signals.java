package dev.resilience.agent.control;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the operator asked of this process by signal: to read the policies again, to end, to end now. */
public final class Signals {
    /*
     * A handler sets a bit in "asked" and wakes the control thread, which does everything else. Bits set before there
     * is a control thread wait for it: USR1 is handled from the first line of premain on, because without a handler it
     * kills the JVM. Only when the control thread is gone, or the third TERM arrives, does a handler chain by itself:
     * a process must not outlive TERM because of us.
     */
    static final int RELOAD = 1;
    static final int TERM = 2;
    static final int NOW = 4;

    private final AtomicInteger asked = new AtomicInteger();
    private final Consumer<String> out;
    private volatile @Nullable Thread control;
    private volatile @Nullable ProcessSignal usr1;
    private volatile @Nullable ProcessSignal term;

    private Signals(Consumer<String> out) {
        this.out = out;
    }

    /** Handles SIGUSR1 from now on. First thing in premain; never throws. Lines for the operator go to {@code out}. */
    public static Signals installReloadEarly(Consumer<String> out) {
        Signals signals = new Signals(out);
        // no lambda on the way to the application's main: linking one spins classes, the first of all most
        signals.usr1 = signals.handle("USR1", "no reload by signal", new Runnable() {
            @Override
            public void run() {
                signals.ask(RELOAD);
            }
        });
        return signals;
    }

    /** What was asked so far, for this thread to do; from now on it is woken by more. */
    void connect(Thread thread) {
        control = thread;
        LockSupport.unpark(thread);
    }

    /** Handles SIGTERM from now on. */
    void installTerm() {
        ProcessSignal handled = handle("TERM", "no drain; -Xrs is set, so SIGUSR1 is lost as well", new Runnable() {
            @Override
            public void run() {
                askToEnd();
            }
        });
        term = handled;
        if (handled != null && handled.wasIgnored()) {
            term = null;
            handled.giveBack();
        }
    }

    boolean takeReload() {
        return (asked.get() & RELOAD) != 0 && (asked.getAndUpdate(bits -> bits & ~RELOAD) & RELOAD) != 0;
    }

    boolean isTerm() {
        return (asked.get() & TERM) != 0;
    }

    boolean isNow() {
        return (asked.get() & NOW) != 0;
    }

    /** Ends the process as the JVM would have: hooks, exit code 143. */
    void chainTerm() {
        ProcessSignal handled = term;
        if (handled != null) {
            handled.chain();
        }
    }

    /** Says so once for each handler of ours that the application replaced, and leaves it at that. */
    void lookForReplaced() {
        sayIfReplaced(usr1, "SIGUSR1", "policies are not reloaded by it");
        sayIfReplaced(term, "SIGTERM", "calls are not drained unless that handler calls ours");
    }

    private void sayIfReplaced(@Nullable ProcessSignal handled, String name, String loss) {
        if (handled != null && handled.wasJustReplaced()) {
            out.accept("resilience: the application handles " + name + " itself now; " + loss);
        }
    }

    private void ask(int bit) {
        asked.getAndUpdate(bits -> bits | bit);
        wake();
    }

    private void askToEnd() {
        int before = asked.getAndUpdate(bits -> (bits & TERM) == 0 ? bits | TERM : bits | NOW);
        if (!wake() || (before & NOW) != 0) {
            chainTerm();
        }
    }

    private boolean wake() {
        Thread thread = control;
        LockSupport.unpark(thread);
        return thread != null && thread.isAlive();
    }

    private @Nullable ProcessSignal handle(String name, String loss, Runnable onSignal) {
        try {
            return ProcessSignal.handle(name, onSignal);
        } catch (LinkageError | RuntimeException refused) {
            out.accept("resilience: SIG" + name + " cannot be handled (" + refused + "): " + loss);
            return null;
        }
    }
}
