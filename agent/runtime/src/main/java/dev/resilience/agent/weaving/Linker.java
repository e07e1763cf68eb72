package dev.resilience.agent.weaving;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import java.lang.invoke.CallSite;
import java.lang.invoke.ConstantCallSite;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.SwitchPoint;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Links woven code to advice: the agent's side of the dispatch class. */
final class Linker {
    /*
     * Advice is linked once per call site and is a constant from then on. Around it lie two nets. Whatever it throws is
     * reported and becomes "no advice", so the application's call goes on. The first LinkageError switches the module
     * off for that loader: a switch point that all its entries share falls, and they are constant no-ops. Exits stay, so
     * that calls which entered before are still settled; an exit without an entry does nothing.
     */
    private static final String ENTER = "enter";
    private static final String EXIT = "exit";
    private static final MethodType STATIC_ENTER = MethodType.methodType(Object.class, Object.class, Object[].class);
    private static final MethodType STATIC_EXIT =
            MethodType.methodType(Object[].class, Object.class, Object.class, Throwable.class);

    private final Lookup lookup = MethodHandles.lookup();
    private final List<ClientModule> modules;
    private final AdviceLoaders loaders;
    private final Consumer<String> warnings;
    private final Faults faults;
    private final Map<ClassLoader, SwitchPoint> switches = new WeakHashMap<>();
    private final Object lock = new Object();
    private final Map<String, MethodHandle> staticEntries = new ConcurrentHashMap<>();

    Linker(List<ClientModule> modules, AdviceLoaders loaders, Consumer<String> warnings, Faults faults) {
        this.modules = modules;
        this.loaders = loaders;
        this.warnings = warnings;
        this.faults = faults;
    }

    /** Connects the dispatch class to this linker. */
    void install(Class<?> dispatch) throws Throwable {
        MethodHandle link = lookup.bind(
                this,
                "link",
                MethodType.methodType(CallSite.class, Lookup.class, String.class, MethodType.class, Object[].class));
        MethodHandle enter = lookup.bind(
                this, "enter", MethodType.methodType(Object.class, String.class, Object.class, Object[].class));
        MethodHandle exit = lookup.bind(
                this,
                "exit",
                MethodType.methodType(Object[].class, String.class, Object.class, Object.class, Throwable.class));
        MethodHandles.publicLookup()
                .findStatic(
                        dispatch,
                        "install",
                        MethodType.methodType(void.class, MethodHandle.class, MethodHandle.class, MethodHandle.class))
                .invokeWithArguments(link, enter, exit);
    }

    CallSite link(Lookup caller, String name, MethodType type, Object[] arguments) {
        String advice = (String) arguments[0];
        try {
            ClassLoader own = caller.lookupClass().getClassLoader();
            return new ConstantCallSite(
                    adviceHandle(advice, name, type, own == null ? ClassLoader.getPlatformClassLoader() : own));
        } catch (Throwable fault) {
            faults.report("linking/" + advice, fault);
            return new ConstantCallSite(MethodHandles.empty(type));
        }
    }

    @Nullable
    Object enter(String advice, @Nullable Object self, Object[] arguments) throws Throwable {
        return (Object) staticEnter(advice).invokeExact(self, arguments);
    }

    Object @Nullable [] exit(
            String advice, @Nullable Object entered, @Nullable Object returned, @Nullable Throwable thrown)
            throws Throwable {
        MethodHandle handle = staticEntries.get(advice + "#" + EXIT);
        if (handle == null) {
            return null;
        }
        return (Object[]) handle.invokeExact(entered, returned, thrown);
    }

    /** Advice of old class files. It serves every loader alike: its module must not name types of a library. */
    private MethodHandle staticEnter(String advice) {
        MethodHandle known = staticEntries.get(advice + "#" + ENTER);
        if (known != null) {
            return known;
        }
        MethodHandle enter;
        MethodHandle exit;
        try {
            enter = staticHandle(advice, ENTER, STATIC_ENTER);
            exit = staticHandle(advice, EXIT, STATIC_EXIT);
        } catch (Throwable fault) {
            faults.report("linking/" + advice, fault);
            enter = MethodHandles.empty(STATIC_ENTER);
            exit = MethodHandles.empty(STATIC_EXIT);
        }
        staticEntries.putIfAbsent(advice + "#" + EXIT, exit);
        staticEntries.putIfAbsent(advice + "#" + ENTER, enter);
        return enter;
    }

    /** Advice brought to the one shape that old class files call; what it does not have does nothing. */
    private MethodHandle staticHandle(String advice, String name, MethodType shape)
            throws ReflectiveOperationException {
        ClassLoader platform = ClassLoader.getPlatformClassLoader();
        Class<?> adviceClass = Class.forName(advice, true, loaders.loaderOf(moduleOf(advice), platform));
        for (Method method : adviceClass.getDeclaredMethods()) {
            if (method.getName().equals(name)) {
                MethodType type = MethodType.methodType(method.getReturnType(), method.getParameterTypes());
                MethodHandle handle = adviceHandle(advice, name, type, platform);
                if (name.equals(ENTER) && type.returnType() == Object[].class) {
                    handle = MethodHandles.filterReturnValue(
                            handle,
                            lookup.findStatic(
                                    Linker.class, "refusalOr", MethodType.methodType(Object.class, Object[].class)));
                }
                if (name.equals(ENTER) && type.parameterCount() > shape.parameterCount()) {
                    return ofAll(handle).asType(shape);
                }
                return MethodHandles.dropArguments(
                                handle,
                                type.parameterCount(),
                                shape.parameterList().subList(type.parameterCount(), shape.parameterCount()))
                        .asType(shape);
            }
        }
        return MethodHandles.empty(shape);
    }

    /** Advice that takes arguments one by one, made to take all of them; those it does not take are left out. */
    private MethodHandle ofAll(MethodHandle enter) throws ReflectiveOperationException {
        int count = enter.type().parameterCount();
        MethodHandle one = lookup.findStatic(
                Linker.class, "argument", MethodType.methodType(Object.class, int.class, Object[].class));
        MethodHandle all = enter.asType(enter.type().generic());
        int[] order = new int[count];
        for (int i = 1; i < count; i++) {
            all = MethodHandles.filterArguments(all, i, MethodHandles.insertArguments(one, 0, i - 1));
            order[i] = 1;
        }
        return MethodHandles.permuteArguments(all, STATIC_ENTER, order);
    }

    static @Nullable Object argument(int index, Object[] all) {
        return all[index];
    }

    /** Advice that changes arguments gives an array; the refusal, its first element, stands for it where there is one. */
    static @Nullable Object refusalOr(Object @Nullable [] entered) {
        return entered != null && entered[0] instanceof Throwable refusal ? refusal : entered;
    }

    private MethodHandle adviceHandle(String advice, String name, MethodType type, ClassLoader application)
            throws ReflectiveOperationException {
        ClientModule module = moduleOf(advice);
        ClassLoader loader = loaders.loaderOf(module, application);
        Class<?> adviceClass = Class.forName(advice, true, loader);
        MethodHandle handle = MethodHandles.privateLookupIn(adviceClass, lookup).findStatic(adviceClass, name, type);
        SwitchPoint enabled = switchOf(loader);
        Trap trap = new Trap(module, application, advice + "." + name, enabled);
        // erased, as catchException leaves the types it is given in caches of the JDK, and with them the application
        MethodType erased = type.erase();
        MethodHandle trapped = MethodHandles.catchException(
                handle.asType(erased),
                Throwable.class,
                MethodHandles.dropArguments(
                        MethodHandles.filterReturnValue(
                                lookup.bind(
                                        trap,
                                        "accept",
                                        MethodType.methodType(void.class, Throwable.class, Object.class)),
                                MethodHandles.empty(MethodType.methodType(erased.returnType()))),
                        2,
                        erased.parameterList().subList(1, erased.parameterCount())));
        return (name.equals(ENTER) ? enabled.guardWithTest(trapped, MethodHandles.empty(erased)) : trapped)
                .asType(type);
    }

    private ClientModule moduleOf(String advice) {
        for (ClientModule module : modules) {
            if (advice.startsWith(module.adapterPackage() + ".")) {
                return module;
            }
        }
        throw new IllegalStateException("no client module has the advice " + advice);
    }

    private SwitchPoint switchOf(ClassLoader loader) {
        synchronized (lock) {
            return switches.computeIfAbsent(loader, key -> new SwitchPoint());
        }
    }

    private final class Trap implements BiConsumer<Throwable, @Nullable Object> {
        private final ClientModule module;
        private final ClassLoader application;
        private final String site;
        private final SwitchPoint enabled;

        Trap(ClientModule module, ClassLoader application, String site, SwitchPoint enabled) {
            this.module = module;
            this.application = application;
            this.site = site;
            this.enabled = enabled;
        }

        /** A call that its exit lost must not keep its permit, nor be cut at a deadline when its connection is another's. */
        private void abandon(@Nullable Object entered) {
            if (entered instanceof Call call) {
                Guard guard = call.guard();
                if (guard != null) {
                    guard.settle(call, Ending.CANCELLED);
                }
            } else if (entered instanceof Object[] parts) {
                for (Object part : parts) {
                    if (part instanceof Call) {
                        abandon(part);
                    }
                }
            }
        }

        /** With the first argument of the advice: what enter gave, for an exit. */
        @Override
        public void accept(Throwable fault, @Nullable Object first) {
            faults.report(site, fault);
            Contained.run(faults, site, () -> abandon(first));
            if (fault instanceof LinkageError && !enabled.hasBeenInvalidated()) {
                SwitchPoint.invalidateAll(new SwitchPoint[] {enabled});
                warnings.accept(module.library() + " is no longer guarded in " + application + ": " + fault);
            }
        }
    }
}
