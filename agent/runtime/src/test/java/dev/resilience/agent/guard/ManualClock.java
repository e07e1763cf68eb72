package dev.resilience.agent.guard;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Time that moves when a test says so, starting just before the overflow. Counts how often it is read. */
final class ManualClock implements LongSupplier {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 50_000_000);
    private long reads;

    @Override
    public long getAsLong() {
        reads++;
        return now.get();
    }

    long reads() {
        return reads;
    }

    void advance(Duration time) {
        now.addAndGet(time.toNanos());
    }
}
