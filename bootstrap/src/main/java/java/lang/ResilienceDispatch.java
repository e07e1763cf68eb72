package java.lang;

import java.lang.invoke.CallSite;
import java.lang.invoke.ConstantCallSite;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Links woven code to the agent: the one class that every loader can see. It lies in {@code java.lang} so that loaders
 * which filter packages (OSGi, JBoss Modules) cannot hide it and no module needs a read edge.
 */
public final class ResilienceDispatch {
    /*
     * The handles are set together, before anything is woven, and again when an agent that was detached comes back:
     * call sites linked before keep what they were linked to. Whatever goes wrong here ends in a no-op: woven code then
     * runs as if it were not woven.
     */
    private static volatile MethodHandle linker;
    private static volatile MethodHandle entry;
    private static volatile MethodHandle exit;

    /**
     * Connects the agent.
     *
     * @param linker (Lookup, String, MethodType, Object[]) to CallSite
     * @param entry (String, Object, Object[]) to Object
     * @param exit (String, Object, Object, Throwable) to Object[]
     */
    public static synchronized void install(MethodHandle linker, MethodHandle entry, MethodHandle exit) {
        ResilienceDispatch.entry = entry;
        ResilienceDispatch.exit = exit;
        ResilienceDispatch.linker = linker;
    }

    /** Bootstrap method of the {@code invokedynamic} instructions in woven code. */
    public static CallSite bootstrap(MethodHandles.Lookup caller, String name, MethodType type, Object... arguments) {
        try {
            return (CallSite) linker.invokeExact(caller, name, type, arguments);
        } catch (Throwable broken) {
            return new ConstantCallSite(MethodHandles.empty(type));
        }
    }

    /** Entry of woven methods in class files older than version 51, which cannot hold an {@code invokedynamic}. */
    public static Object enter(String advice, Object self, Object[] arguments) {
        try {
            return (Object) entry.invokeExact(advice, self, arguments);
        } catch (Throwable broken) {
            return null;
        }
    }

    /** Exit of such methods. */
    public static Object[] exit(String advice, Object entered, Object returned, Throwable thrown) {
        try {
            return (Object[]) exit.invokeExact(advice, entered, returned, thrown);
        } catch (Throwable broken) {
            return null;
        }
    }

    private ResilienceDispatch() {}
}
