package dev.resilience.testkit;

import dev.resilience.agent.weaving.AdviceLoaders;
import dev.resilience.agent.weaving.Weaving;
import dev.resilience.instrumentation.api.Agent;
import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guards;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import net.bytebuddy.agent.ByteBuddyAgent;

/**
 * One client module woven into the running JVM, with its advice on the test's class path: the agent without its jar and
 * its loaders. Closing it gives the woven classes their own code back.
 *
 * <p>The guards in force are those last given to {@link Agent#install}; advice reads them when it is first linked, so a
 * test gives one {@link Guards} for the life of the JVM and changes what that one answers.
 */
public final class Woven implements AutoCloseable {
    private final Weaving weaving;
    private final List<String> warnings;

    private Woven(Weaving weaving, List<String> warnings) {
        this.weaving = weaving;
        this.warnings = warnings;
    }

    public static Woven with(ClientModule module, Guards guards) {
        Agent.install(guards);
        List<String> warnings = new CopyOnWriteArrayList<>();
        Faults faults = guards.faults();
        return new Woven(
                Weaving.install(
                        ByteBuddyAgent.install(),
                        List.of(module),
                        new OnClassPath(),
                        loader -> {},
                        warnings::add,
                        faults),
                warnings);
    }

    /** What users would have been warned of. */
    public List<String> warnings() {
        return warnings;
    }

    @Override
    public void close() {
        weaving.remove();
    }

    private static final class OnClassPath implements AdviceLoaders {
        private final ClassLoader classPath = Woven.class.getClassLoader();

        @Override
        public ClassLoader loaderOf(ClientModule module, ClassLoader application) {
            return classPath;
        }

        @Override
        public ClassLoader agent() {
            return classPath;
        }
    }
}
