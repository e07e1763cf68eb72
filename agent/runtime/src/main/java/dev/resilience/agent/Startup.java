package dev.resilience.agent;

import dev.resilience.agent.weaving.Weaving;
import dev.resilience.instrumentation.api.ClientModule;
import java.lang.instrument.Instrumentation;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** Puts the agent together, in its own loader. */
public final class Startup {
    /** Called once by the entrance of the jar. */
    public static void start(Instrumentation instrumentation) {
        ClassLoader agent = Startup.class.getClassLoader();
        List<ClientModule> modules = new ArrayList<>();
        ServiceLoader.load(ClientModule.class, agent).forEach(modules::add);
        Weaving.install(
                instrumentation,
                modules,
                Weaving.isolated(agent),
                loader -> {},
                line -> System.err.println("resilience: " + line),
                (site, fault) -> System.err.println("resilience: " + site + " " + fault));
    }

    private Startup() {}
}
