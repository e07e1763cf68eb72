package dev.resilience.deadlines;

import java.util.concurrent.atomic.AtomicLongArray;

/** Which calls a server has seen, and until when each kept it at work; for many threads. */
final class Seen {
    private static final long NOT_YET = Long.MAX_VALUE;
    private final AtomicLongArray until;

    /** For calls with numbers below {@code calls}. */
    Seen(int calls) {
        until = new AtomicLongArray(calls);
    }

    void begun(int call) {
        if (call >= 0 && call < until.length()) {
            until.compareAndSet(call, 0, NOT_YET);
        }
    }

    void ended(int call) {
        at(call, System.nanoTime());
    }

    /** Seen at work at this time, and perhaps no longer. */
    void at(int call, long nanos) {
        if (call >= 0 && call < until.length()) {
            until.set(call, nanos);
        }
    }

    /** Whether this one was still at work then. */
    boolean isOpenAt(int call, long nanos) {
        long seen = until.get(call);
        return seen != 0 && (seen == NOT_YET ? System.nanoTime() : seen) - nanos > 0;
    }

    /** How many are at work. */
    int open() {
        int open = 0;
        for (int call = 0; call < until.length(); call++) {
            open += until.get(call) == NOT_YET ? 1 : 0;
        }
        return open;
    }
}
