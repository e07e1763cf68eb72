package dev.resilience.demo;

import java.util.ArrayDeque;
import java.util.Deque;

/** Everything the demo started, ended in reverse order: at its end, and when it is interrupted. */
final class Belongings implements AutoCloseable {
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private boolean closed;

    /** Takes charge of one more; ends it at once when the end has come already. */
    synchronized <T extends AutoCloseable> T keep(T one) {
        if (closed) {
            end(one);
            throw new IllegalStateException("the demo is ending");
        }
        started.push(one);
        return one;
    }

    @Override
    public synchronized void close() {
        closed = true;
        while (!started.isEmpty()) {
            end(started.pop());
        }
    }

    private static void end(AutoCloseable one) {
        try {
            one.close();
        } catch (Exception e) {
            System.err.println("could not end " + one + ": " + e);
        }
    }
}
