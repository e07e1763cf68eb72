package dev.resilience.it;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** How long this JVM stood still at most while it was watched, and so, as far as can be told from here, the machine. */
final class Pauses implements AutoCloseable {
    private volatile long longest;
    private volatile boolean over;

    Pauses() {
        Thread watching = new Thread(this::watch, "pauses");
        watching.setDaemon(true);
        watching.start();
    }

    private void watch() {
        long last = System.nanoTime();
        while (!over) {
            LockSupport.parkNanos(1_000_000);
            long now = System.nanoTime();
            longest = Math.max(longest, now - last);
            last = now;
        }
    }

    long micros() {
        return TimeUnit.NANOSECONDS.toMicros(longest);
    }

    @Override
    public void close() {
        over = true;
    }
}
