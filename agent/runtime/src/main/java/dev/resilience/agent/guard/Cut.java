package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.instrumentation.api.Refusal;
import org.jspecify.annotations.Nullable;

/** Why the guard cut a call short, and the name of that decision. */
final class Cut {
    private final Refusal refusal;
    private final long id;
    private final Signal.@Nullable Origin origin;
    private volatile boolean cancelled;

    Cut(Refusal refusal, long id, Signal.@Nullable Origin origin) {
        this.refusal = refusal;
        this.id = id;
        this.origin = origin;
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

    /** The cancel has done what it can. */
    void cancelled() {
        cancelled = true;
    }

    boolean isCancelled() {
        return cancelled;
    }
}
