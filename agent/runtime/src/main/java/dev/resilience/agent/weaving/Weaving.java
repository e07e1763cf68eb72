package dev.resilience.agent.weaving;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.Faults;
import java.lang.instrument.Instrumentation;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Weaves client modules into the classes of a running JVM, those loaded already and those to come. */
public final class Weaving {
    private final Instrumentation instrumentation;
    private final NameGate gate;
    private final Faults faults;

    private Weaving(Instrumentation instrumentation, NameGate gate, Faults faults) {
        this.instrumentation = instrumentation;
        this.gate = gate;
        this.faults = faults;
    }

    /** Loaders for an agent in its own loader: one module loader for each application loader. */
    public static AdviceLoaders isolated(ClassLoader agent) {
        return new ModuleLoaders(agent);
    }

    /**
     * Starts weaving. Cheap: Byte Buddy is not touched before a class of interest appears.
     *
     * @param onTelemetryApi is told of each loader that loads an OpenTelemetry API; must not load classes
     * @param warnings takes what users must know, one line each
     */
    public static Weaving install(
            Instrumentation instrumentation,
            List<ClientModule> modules,
            AdviceLoaders loaders,
            Consumer<ClassLoader> onTelemetryApi,
            Consumer<String> warnings,
            Faults faults) {
        preload();
        Linker linker = new Linker(modules, loaders, warnings, faults);
        // classes, not lambdas: this runs before every application's main
        Once<Class<?>> dispatch = new Once<>() {
            @Override
            Class<?> make() throws Throwable {
                Class<?> defined =
                        new BootDispatch(instrumentation, warnings).define(BootDispatch.classFile(loaders.agent()));
                linker.install(defined);
                return defined;
            }
        };
        Once<Weaver> weaver = new Once<>() {
            @Override
            Weaver make() {
                return new Weaver(
                        new AdviceWeaving(dispatch, loaders), new ModuleReferences(loaders.agent()), warnings, faults);
            }
        };
        NameGate gate = new NameGate(modules, weaver, onTelemetryApi, faults);
        gate.candidates("any.Statement"); // what it needs is loaded now, not for the first time inside a transformer
        instrumentation.addTransformer(gate, true);
        Weaving weaving = new Weaving(instrumentation, gate, faults);
        weaving.reweaveLoaded();
        return weaving;
    }

    /** Stops weaving and gives the classes woven so far their own code back. */
    public void remove() {
        instrumentation.removeTransformer(gate);
        reweaveLoaded();
    }

    /** Offers what is loaded already once more, one class a call: a batch fails as a whole. */
    private void reweaveLoaded() {
        for (Class<?> loaded : instrumentation.getAllLoadedClasses()) {
            try {
                boolean wanted = loaded.getClassLoader() == null
                        ? gate.wantsOfBoot(loaded.getName())
                        : gate.wants(loaded.getName());
                if (wanted && instrumentation.isModifiableClass(loaded)) {
                    instrumentation.retransformClasses(loaded);
                }
            } catch (Throwable fault) {
                faults.report("weaving/" + loaded.getName(), fault);
            }
        }
    }

    /** Classes that must not be loaded for the first time by a look-up inside a transformer: see ClassFiles. */
    private static void preload() {
        for (String name :
                List.of("java.util.concurrent.ThreadLocalRandom", "sun.net.www.protocol.jar.JarURLConnection")) {
            try {
                Class.forName(name, true, null);
            } catch (ClassNotFoundException | LinkageError absent) {
                // then nothing can load it inside a transformer either
            }
        }
    }

    /** A value made by the first who needs it; whoever comes while it is being made waits. */
    private abstract static class Once<T> implements Supplier<T> {
        private final Object lock = new Object();
        private volatile @Nullable T made;

        abstract T make() throws Throwable;

        @Override
        public T get() {
            T value = made;
            if (value == null) {
                synchronized (lock) {
                    value = made;
                    if (value == null) {
                        try {
                            value = make();
                        } catch (Throwable e) {
                            throw new IllegalStateException(e);
                        }
                        made = value;
                    }
                }
            }
            return value;
        }
    }
}
