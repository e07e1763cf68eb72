package dev.resilience.agent;

import dev.resilience.agent.control.Protection;
import dev.resilience.agent.control.Signals;
import dev.resilience.agent.guard.AgentThreads;
import dev.resilience.agent.guard.FaultLog;
import dev.resilience.agent.guard.GuardRegistry;
import dev.resilience.agent.jfr.FlightSink;
import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.agent.strategy.Strategies;
import dev.resilience.agent.telemetry.OpenTelemetrySink;
import dev.resilience.agent.weaving.Weaving;
import dev.resilience.instrumentation.api.Agent;
import dev.resilience.instrumentation.api.ClientModule;
import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.Instrumentation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Puts the agent together, in its own loader. */
public final class Startup {
    /*
     * All that runs before the application's main is paid by every application, calls or none. So there is no lambda
     * and no method reference on this way, here and in what is called from here: linking one spins
     * a class at run time, and the first one in a JVM starts all that does so. A class in the jar only has to be read.
     */

    /**
     * Called once by the entrance of the jar.
     *
     * @param arguments not used; a method of the shape of premain is called through what premain's call has spun
     */
    @SuppressWarnings("unused")
    public static void start(@Nullable String arguments, Instrumentation instrumentation) {
        Consumer<String> out = new Notices("");
        // first of all: without a handler SIGUSR1 ends the process
        Signals signals = Signals.installReloadEarly(out);
        FaultLog faults = new FaultLog(out);
        Strategies strategies = new Strategies(faults);
        Loaded loaded = load(strategies);
        if (!loaded.enabled()) {
            return;
        }
        OpenTelemetrySink telemetry = OpenTelemetrySink.of(new Threads(), faults);
        Protection protection = Protection.start(
                loaded, new Policies(strategies), new FlightSink(telemetry, faults), faults, signals, out);
        protection.beforeExit(new Runnable() {
            @Override
            public void run() {
                telemetry.close();
            }
        });
        exempt(telemetry.exemptEndpoint(), protection.guards());
        Agent.install(protection.guards());
        ClassLoader agent = Startup.class.getClassLoader();
        Weaving.install(
                instrumentation,
                modules(agent),
                Weaving.isolated(agent),
                new Consumer<>() {
                    @Override
                    public void accept(ClassLoader loader) {
                        telemetry.apiSeen(loader);
                    }
                },
                new Notices("resilience: "),
                faults);
    }

    /** As a ServiceLoader would find them, but without its search of every module of the JDK. */
    private static List<ClientModule> modules(ClassLoader agent) {
        List<ClientModule> modules = new ArrayList<>();
        try (InputStream names = agent.getResourceAsStream("META-INF/services/" + ClientModule.class.getName())) {
            if (names == null) {
                throw new IllegalStateException("the agent holds no client module");
            }
            for (String name : new String(names.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
                modules.add(Class.forName(name, true, agent)
                        .asSubclass(ClientModule.class)
                        .getDeclaredConstructor()
                        .newInstance());
            }
            return modules;
        } catch (IOException | ReflectiveOperationException broken) {
            throw new IllegalStateException(broken);
        }
    }

    private static Loaded load(Strategies strategies) {
        return PolicyLoader.load(strategies, properties(), environment());
    }

    private static Map<String, String> properties() {
        Properties all = System.getProperties();
        Map<String, String> ours = new HashMap<>();
        for (String name : all.stringPropertyNames()) {
            if (name.startsWith("resilience.")) {
                ours.put(name, all.getProperty(name));
            }
        }
        return ours;
    }

    private static Map<String, String> environment() {
        Map<String, String> ours = new HashMap<>();
        for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
            if (variable.getKey().startsWith("RESILIENCE_")) {
                ours.put(variable.getKey(), variable.getValue());
            }
        }
        return ours;
    }

    /** Our own export is a call like any other, but never guarded. */
    private static void exempt(@Nullable String endpoint, GuardRegistry guards) {
        if (endpoint != null) {
            int colon = endpoint.lastIndexOf(':');
            guards.exempt(endpoint.substring(0, colon), Integer.parseInt(endpoint.substring(colon + 1)));
        }
    }

    private static final class Notices implements Consumer<String> {
        private final String start;

        Notices(String start) {
            this.start = start;
        }

        @Override
        public void accept(String line) {
            System.err.println(start + line);
        }
    }

    private static final class Policies implements Supplier<Loaded> {
        private final Strategies strategies;

        Policies(Strategies strategies) {
            this.strategies = strategies;
        }

        @Override
        public Loaded get() {
            return load(strategies);
        }
    }

    private static final class Threads implements BiFunction<String, Runnable, Thread> {
        @Override
        public Thread apply(String name, Runnable task) {
            return AgentThreads.daemon(name, task);
        }
    }

    private Startup() {}
}
