package dev.resilience.agent.control;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A signal of the operating system that we handle, and whoever handled it before. */
final class OsSignal {
    /*
     * sun.misc.Signal is called by name: its module, jdk.unsupported, may be absent from a trimmed JDK, and javac has no
     * way to use it without a warning.
     */
    private static final String SIGNAL = "sun.misc.Signal";
    private static final String HANDLER = "sun.misc.SignalHandler";
    private static final int EXIT_BY_SIGNAL = 128;

    private final Object signal;
    private final Object ours;
    private final Object previous;
    private final Method handle;
    private final Method run;
    private final Object byDefault;
    private final Object ignored;
    private final AtomicBoolean lost = new AtomicBoolean();

    private OsSignal(String name, Runnable onSignal) throws ReflectiveOperationException {
        Class<?> signalType = Class.forName(SIGNAL);
        Class<?> handlerType = Class.forName(HANDLER);
        this.handle = signalType.getMethod("handle", signalType, handlerType);
        this.run = handlerType.getMethod("handle", signalType);
        this.byDefault = handlerType.getField("SIG_DFL").get(null);
        this.ignored = handlerType.getField("SIG_IGN").get(null);
        this.signal = signalType.getConstructor(String.class).newInstance(name);
        this.ours = Proxy.newProxyInstance(
                OsSignal.class.getClassLoader(), new Class<?>[] {handlerType}, handler(name, onSignal));
        this.previous = install(ours);
    }

    /**
     * Runs {@code onSignal} whenever it arrives, on a thread of the JVM.
     *
     * @throws IllegalArgumentException if the JVM keeps this signal for itself, as it does with TERM under -Xrs
     * @throws ReflectiveOperationException if this JDK has no such thing
     */
    static OsSignal handle(String name, Runnable onSignal) throws ReflectiveOperationException {
        return new OsSignal(name, onSignal);
    }

    /** Whether somebody had the signal ignored, which is to stay so. */
    boolean wasIgnored() {
        return previous.equals(ignored);
    }

    void giveBack() throws ReflectiveOperationException {
        install(previous);
    }

    /** Does what would have happened without us. The default handler cannot be called; it ends the process. */
    void chain() throws ReflectiveOperationException {
        if (previous.equals(byDefault)) {
            int number = (int) signal.getClass().getMethod("getNumber").invoke(signal);
            Runtime.getRuntime().exit(EXIT_BY_SIGNAL + number);
        } else if (!wasIgnored()) {
            run.invoke(previous, signal);
        }
    }

    /** Whether the application put a handler of its own in place of ours; true once. Leaves that handler there. */
    boolean wasJustReplaced() throws ReflectiveOperationException {
        if (lost.get()) {
            return false;
        }
        Object current = install(ours);
        if (current == ours) {
            return false;
        }
        install(current);
        return lost.compareAndSet(false, true);
    }

    private Object install(Object handler) throws ReflectiveOperationException {
        try {
            return handle.invoke(null, signal, handler);
        } catch (InvocationTargetException refused) {
            if (refused.getCause() instanceof IllegalArgumentException reason) {
                throw reason;
            }
            throw refused;
        }
    }

    private static InvocationHandler handler(String name, Runnable onSignal) {
        return (proxy, method, arguments) -> answer(name, onSignal, proxy, method, arguments);
    }

    private static @Nullable Object answer(
            String name, Runnable onSignal, Object proxy, Method method, Object @Nullable [] arguments) {
        return switch (method.getName()) {
            case "equals" -> arguments != null && arguments[0] == proxy;
            case "hashCode" -> System.identityHashCode(proxy);
            case "toString" -> "the agent's handler of SIG" + name;
            default -> {
                onSignal.run();
                yield null;
            }
        };
    }
}
