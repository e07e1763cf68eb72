package dev.resilience.agent.guard;

/** Makes every thread of the agent: a named daemon that holds nothing of the application. */
public final class AgentThreads {

    /** A thread, not started, that never keeps the JVM alive and inherits no thread-local of its maker. */
    public static Thread daemon(String name, Runnable task) {
        Thread thread = new Thread(null, task, "resilience-" + name, 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(AgentThreads.class.getClassLoader());
        return thread;
    }

    private AgentThreads() {}
}
