package dev.resilience.instrumentation.api;

import org.jspecify.annotations.Nullable;

/** A call that failed, in the eyes of who may have it made again. Asked while it is settled, and only then. */
public interface Attempt {
    /** Whether its protocol says that it may be made twice. */
    boolean isIdempotent();

    /** gRPC: the full name of its method, which a policy may call idempotent; null for others. */
    default @Nullable String rpc() {
        return null;
    }

    /** Whether what it sent can be sent again. */
    boolean isReplayable();

    /** Whether the application has seen anything of an answer. */
    boolean isShown();

    /** How long the target asks to be left alone, as {@link PushBack} has it. */
    default long pushBackNanos() {
        return PushBack.NOT_TOLD;
    }

    /** What is left of the caller's own time, in nanoseconds; {@link Long#MAX_VALUE} where that is not bounded. */
    default long leftNanos() {
        return Long.MAX_VALUE;
    }
}
