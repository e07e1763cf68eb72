package dev.resilience.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** From when on a call of a window is slow, and how many of them are too many; without one, no call is. */
record SlowBound(long nanos, Share rate) {
    private static final SlowBound NONE = new SlowBound(Long.MAX_VALUE, Share.of(1));

    static SlowBound of(Strategy.@Nullable SlowCalls slowCalls) {
        return slowCalls == null ? NONE : new SlowBound(slowCalls.bound().toNanos(), Share.of(slowCalls.rate()));
    }

    boolean isExceededBy(long latencyNanos) {
        return latencyNanos > nanos;
    }

    boolean isExceededBy(long slow, long calls) {
        return rate.isExceededBy(slow, calls);
    }

    /** Whether no call is slow, however long it takes. */
    boolean isNone() {
        return nanos == Long.MAX_VALUE;
    }

    String text(Counts counts) {
        return isNone()
                ? ""
                : ", slower than " + Window.text(Duration.ofNanos(nanos)) + "=" + counts.slow() + "/" + counts.calls();
    }
}
