package dev.resilience.instrumentation.api;

import org.jspecify.annotations.Nullable;

/**
 * The agent that advice talks to. The one piece of static state beside the dispatch class, because advice is static;
 * adapters take {@link Guards} by constructor.
 */
public final class Agent {
    private static volatile @Nullable Guards guards;

    /** Set once at start, before anything is woven; tests may replace it. */
    public static void install(Guards guards) {
        Agent.guards = guards;
    }

    public static Guards guards() {
        Guards installed = guards;
        if (installed == null) {
            throw new IllegalStateException("advice was linked before the agent was installed");
        }
        return installed;
    }

    private Agent() {}
}
