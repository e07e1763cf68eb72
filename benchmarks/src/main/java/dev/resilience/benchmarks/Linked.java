package dev.resilience.benchmarks;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts the advice classes that were linked, each in its static initializer, where it costs the calls nothing. */
final class Linked {
    private static final AtomicInteger COUNT = new AtomicInteger();

    static void one() {
        COUNT.incrementAndGet();
    }

    static int count() {
        return COUNT.get();
    }

    private Linked() {}
}
