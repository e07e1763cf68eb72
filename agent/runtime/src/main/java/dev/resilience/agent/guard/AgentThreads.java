package dev.resilience.agent.guard;

import java.security.AccessController;
import java.security.PrivilegedAction;

/** Makes every thread of the agent: a named daemon that holds nothing of the application. */
public final class AgentThreads {

    /** A thread, not started, that never keeps the JVM alive and inherits nothing of its maker. */
    public static Thread daemon(String name, Runnable task) {
        Thread thread = make("resilience-" + name, task);
        thread.setDaemon(true);
        thread.setContextClassLoader(AgentThreads.class.getClassLoader());
        return thread;
    }

    /**
     * Up to JDK 23 a thread keeps the protection domains of all that is on the stack when it is made: without the
     * privileged frame, an application whose call was the first would stay in memory as long as the thread.
     */
    @SuppressWarnings("removal") // does nothing where nothing is kept
    private static Thread make(String name, Runnable task) {
        return AccessController.doPrivileged(new PrivilegedAction<Thread>() {
            @Override
            public Thread run() {
                return new Thread(null, task, name, 0, false);
            }
        });
    }

    private AgentThreads() {}
}
