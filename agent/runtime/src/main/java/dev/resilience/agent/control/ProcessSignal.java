package dev.resilience.agent.control;

import java.util.concurrent.atomic.AtomicInteger;

/** A signal of the operating system that we handle, and whoever handled it before. */
final class ProcessSignal {
    /*
     * Its module, jdk.unsupported, may be absent from a trimmed JDK: then nothing here links, and Signals says so. It is
     * called directly, not by name: reflection and a proxy spin classes in every start of every application. javac warns
     * of sun.misc and cannot be told not to, so the build compiles this class by itself.
     */
    private static final int EXIT_BY_SIGNAL = 128;

    private final sun.misc.Signal signal;
    private final sun.misc.SignalHandler ours;
    private final sun.misc.SignalHandler previous;
    private final AtomicInteger lost = new AtomicInteger();

    private ProcessSignal(String name, Runnable onSignal) {
        this.signal = new sun.misc.Signal(name);
        this.ours = new Handler(name, onSignal);
        this.previous = install(ours);
    }

    /**
     * Runs {@code onSignal} whenever it arrives, on a thread of the JVM.
     *
     * @throws IllegalArgumentException if the JVM keeps this signal for itself, as it does with TERM under -Xrs
     * @throws LinkageError if this JDK has no such thing
     */
    static ProcessSignal handle(String name, Runnable onSignal) {
        return new ProcessSignal(name, onSignal);
    }

    /** Whether somebody had the signal ignored, which is to stay so. */
    boolean wasIgnored() {
        return previous.equals(sun.misc.SignalHandler.SIG_IGN);
    }

    void giveBack() {
        install(previous);
    }

    /** Does what would have happened without us. The default handler cannot be called; it ends the process. */
    void chain() {
        if (previous.equals(sun.misc.SignalHandler.SIG_DFL)) {
            Runtime.getRuntime().exit(EXIT_BY_SIGNAL + signal.getNumber());
        } else if (!wasIgnored()) {
            previous.handle(signal);
        }
    }

    /** Whether the application put a handler of its own in place of ours; true once. Leaves that handler there. */
    boolean wasJustReplaced() {
        if (lost.get() != 0) {
            return false;
        }
        sun.misc.SignalHandler current = install(ours);
        if (current == ours) {
            return false;
        }
        install(current);
        return lost.compareAndSet(0, 1);
    }

    private sun.misc.SignalHandler install(sun.misc.SignalHandler handler) {
        return sun.misc.Signal.handle(signal, handler);
    }

    private static final class Handler implements sun.misc.SignalHandler {
        private final String name;
        private final Runnable onSignal;

        Handler(String name, Runnable onSignal) {
            this.name = name;
            this.onSignal = onSignal;
        }

        @Override
        public void handle(sun.misc.Signal signal) {
            onSignal.run();
        }

        @Override
        public String toString() {
            return "the agent's handler of SIG" + name;
        }
    }
}
