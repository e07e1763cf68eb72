package com.example.service;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The threads that serve requests. */
final class Workers {
    private static final int MANY = 10_000;
    private static final ThreadFactory FACTORY = Executors.defaultThreadFactory();

    private Workers() {}

    /** A pool of a fixed size, or {@code virtual}: one for each request, and 10,000 at most where Java has none such. */
    static Executor of(String threads) {
        return threads.equals("virtual")
                ? virtual()
                : Executors.newFixedThreadPool(Integer.parseInt(threads), Workers::daemon);
    }

    private static Executor virtual() {
        try {
            return (ExecutorService)
                    Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (ReflectiveOperationException beforeJava21) {
            return new ThreadPoolExecutor(
                    0,
                    MANY,
                    60,
                    TimeUnit.SECONDS,
                    new SynchronousQueue<>(),
                    Workers::daemon,
                    new ThreadPoolExecutor.CallerRunsPolicy());
        }
    }

    private static Thread daemon(Runnable task) {
        Thread thread = FACTORY.newThread(task);
        thread.setDaemon(true);
        return thread;
    }
}
