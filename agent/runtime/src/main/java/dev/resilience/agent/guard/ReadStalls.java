package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.engine.AdaptiveDeadline;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** How long an answer of one target may be silent half-way, and how many in a row were silent for longer. */
final class ReadStalls {
    /*
     * What may be is learned by the longest silence of each body that came to its end, as a deadline is learned by calls:
     * by the pieces, one large body would be known for a hundred, and by its many short gaps the one long would be none.
     *
     * In a row are answers that are read on: bodies, streams, further rows. The head of the next one says that the target
     * answers, not that it goes on, so only one that came to its end ends a row. Of a result the end is not known: there a
     * fetch is part of it, and some that came end the row.
     */
    static final int ROW = 3;

    /** So many fetches that came, and none that stalled between them. */
    static final int PARTS = 10;

    private final long fixedNanos;
    private final @Nullable AdaptiveDeadline learned;
    private final AtomicInteger row = new AtomicInteger();
    private final AtomicInteger parts = new AtomicInteger();

    /** Whether they opened the circuit, and none came to its end since. */
    private volatile boolean suspected;

    /** {@code learned} is null where it is {@code fixedNanos}. */
    ReadStalls(long fixedNanos, @Nullable AdaptiveDeadline learned) {
        this.fixedNanos = fixedNanos;
        this.learned = learned;
    }

    /** What an answer that begins now is given. */
    long nanos() {
        return learned == null ? fixedNanos : learned.nanos();
    }

    @Nullable
    AdaptiveDeadline learned() {
        return learned;
    }

    /** One is over that was not cut, after so long a silence that it broke itself. */
    void heard(long silenceNanos, boolean isWhole, long nowNanos) {
        if (isWhole && row.get() != 0) {
            row.set(0);
        }
        if (isWhole && suspected) {
            suspected = false;
        }
        if (learned == null) {
            return;
        }
        if (isWhole) {
            learned.succeeded(nowNanos - silenceNanos, nowNanos);
        } else {
            learned.tookLong(silenceNanos);
        }
    }

    /** A part of one came, and it is not known whether that was its end. */
    void wentOn() {
        if ((row.get() != 0 || suspected) && parts.incrementAndGet() >= PARTS) {
            row.set(0);
            suspected = false;
        }
    }

    /** One was cut, silent for as long as it was given. */
    void stalled(long givenNanos, long nowNanos) {
        parts.set(0);
        row.getAndUpdate(before -> Math.min(before, Integer.MAX_VALUE - 1) + 1);
        if (learned != null) {
            learned.cut(givenNanos, nowNanos);
        }
    }

    /** They opened the circuit. */
    void opened() {
        row.set(0);
        suspected = true;
    }

    boolean areSuspected() {
        return suspected;
    }

    /** Why so many in a row open the circuit; null while they do not. */
    @Nullable
    String cause() {
        int stalled = row.get();
        return stalled < ROW ? null : "read stalls=" + stalled + " in a row";
    }

    Signal.Origin origin(long givenNanos) {
        return learned == null
                ? new Signal.Origin("policy_stall_after", null, null, Messages.duration(givenNanos))
                : new Signal.Origin("adaptive_stall_after", null, null, learned.basis());
    }
}
