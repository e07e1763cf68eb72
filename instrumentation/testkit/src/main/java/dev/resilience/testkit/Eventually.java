package dev.resilience.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what another thread or process is about to do. */
public final class Eventually {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Whether {@code condition} came true in time. */
    public static boolean eventually(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                return false;
            }
            LockSupport.parkNanos(2_000_000);
        }
        return true;
    }

    private Eventually() {}
}
