package dev.resilience.scenarios;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;

/** Threads that do not keep a process alive. */
final class Threads {
    private static final ThreadFactory FACTORY = Executors.defaultThreadFactory();

    private Threads() {}

    static ExecutorService daemons(int count) {
        return Executors.newFixedThreadPool(count, task -> {
            Thread thread = FACTORY.newThread(task);
            thread.setDaemon(true);
            return thread;
        });
    }
}
