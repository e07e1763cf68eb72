package dev.resilience.agent.telemetry;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** How many events may still be written in this second. */
final class EventBudget {
    /*
     * One word: the second it speaks of in the upper half, the events written in it in the lower. Whoever finds an
     * older second replaces the word; of racing callers each wins its own CAS.
     */
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final int perSecond;
    private final LongSupplier nanoClock;
    private final long origin;
    private final AtomicLong word = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();

    EventBudget(int perSecond, LongSupplier nanoClock) {
        this.perSecond = perSecond;
        this.nanoClock = nanoClock;
        this.origin = nanoClock.getAsLong();
    }

    /** False when the second's events are written; the event then counts as dropped. */
    boolean tryTake() {
        long second = (nanoClock.getAsLong() - origin) / SECOND;
        while (true) {
            long current = word.get();
            long next = current >>> 32 == second ? current + 1 : (second << 32) + 1;
            if ((int) next > perSecond) {
                dropped.incrementAndGet();
                return false;
            }
            if (word.compareAndSet(current, next)) {
                return true;
            }
        }
    }

    /** How many were dropped since this was last asked. */
    long takeDropped() {
        return dropped.get() == 0 ? 0 : dropped.getAndSet(0);
    }
}
