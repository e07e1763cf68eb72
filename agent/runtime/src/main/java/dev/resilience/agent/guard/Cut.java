package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.instrumentation.api.Refusal;
import org.jspecify.annotations.Nullable;

/** Why the guard cut a call short, and the name of that decision. */
final class Cut {
    private final Refusal refusal;
    private final long id;
    private final Signal.@Nullable Origin origin;
    private final long silenceNanos;
    private volatile boolean cancelled;

    Cut(Refusal refusal, long id, Signal.@Nullable Origin origin) {
        this(refusal, id, origin, 0);
    }

    /** {@code silenceNanos} is for how long its answer was silent half-way; 0 if it was not for that. */
    Cut(Refusal refusal, long id, Signal.@Nullable Origin origin, long silenceNanos) {
        this.refusal = refusal;
        this.id = id;
        this.origin = origin;
        this.silenceNanos = silenceNanos;
    }

    Refusal refusal() {
        return refusal;
    }

    long id() {
        return id;
    }

    Signal.@Nullable Origin origin() {
        return origin;
    }

    long silenceNanos() {
        return silenceNanos;
    }

    /** The cancel has done what it can. */
    void cancelled() {
        cancelled = true;
    }

    boolean isCancelled() {
        return cancelled;
    }
}
