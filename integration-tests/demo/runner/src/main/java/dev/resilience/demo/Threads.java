package dev.resilience.demo;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;

/** Threads that do not keep a process alive. */
final class Threads {
    private static final ThreadFactory FACTORY = Executors.defaultThreadFactory();

    private Threads() {}

    static ScheduledExecutorService daemons(int count) {
        return Executors.newScheduledThreadPool(count, task -> {
            Thread thread = FACTORY.newThread(task);
            thread.setDaemon(true);
            return thread;
        });
    }
}
