package dev.resilience.agent;

import dev.resilience.agent.control.Protection;
import dev.resilience.agent.control.Signals;
import dev.resilience.agent.guard.AgentThreads;
import dev.resilience.agent.guard.FaultLog;
import dev.resilience.agent.guard.GuardRegistry;
import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.agent.telemetry.OpenTelemetrySink;
import dev.resilience.agent.weaving.Weaving;
import dev.resilience.instrumentation.api.Agent;
import dev.resilience.instrumentation.api.ClientModule;
import java.lang.instrument.Instrumentation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Puts the agent together, in its own loader. */
public final class Startup {
    /** Called once by the entrance of the jar. */
    public static void start(Instrumentation instrumentation) {
        Consumer<String> out = System.err::println;
        // first of all: without a handler SIGUSR1 ends the process
        Signals signals = Signals.installReloadEarly(out);
        FaultLog faults = new FaultLog(out);
        Loaded loaded = load();
        if (!loaded.enabled()) {
            return;
        }
        OpenTelemetrySink telemetry = OpenTelemetrySink.of(AgentThreads::daemon, faults);
        Protection protection = Protection.start(loaded, Startup::load, telemetry, faults, signals, out);
        protection.beforeExit(telemetry::close);
        exempt(telemetry.exemptEndpoint(), protection.guards());
        Agent.install(protection.guards());
        ClassLoader agent = Startup.class.getClassLoader();
        List<ClientModule> modules = new ArrayList<>();
        ServiceLoader.load(ClientModule.class, agent).forEach(modules::add);
        Weaving.install(
                instrumentation,
                modules,
                Weaving.isolated(agent),
                telemetry::apiSeen,
                line -> out.accept("resilience: " + line),
                faults);
    }

    private static Loaded load() {
        return PolicyLoader.load(properties(), environment());
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

    private Startup() {}
}
