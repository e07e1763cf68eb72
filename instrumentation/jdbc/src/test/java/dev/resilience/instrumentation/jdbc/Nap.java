package dev.resilience.instrumentation.jdbc;

import java.util.concurrent.locks.LockSupport;

/** A function for H2 to call: a long query is made of many, as H2 looks for a cancel every 128 rows. */
public final class Nap {
    public static int tenths(int tenthsOfMillis) {
        LockSupport.parkNanos(tenthsOfMillis * 100_000L);
        return 1;
    }

    private Nap() {}
}
