package dev.resilience.instrumentation.api;

import org.jspecify.annotations.Nullable;

/**
 * One link of the chain a policy wants tried in place of a refusal or of the target's fault. The adapter makes the
 * library's own object of it and says how that went: exactly one of {@link #served} and {@link #failed}.
 */
public interface Fallback {
    /** The answer that is written down; null for a link of another kind. */
    @Nullable
    StaticAnswer answer();

    /** Whom to ask instead; null for a link of another kind. */
    @Nullable
    Alternate alternate();

    /**
     * The same call once more, for a link that asks the target itself: before all others, and alone. The call that
     * follows has its own; so {@link #failed} is only for one that could not be begun.
     */
    default @Nullable Again again() {
        return null;
    }

    /** Whether it gives what was kept of an earlier call. */
    default boolean isSnapshot() {
        return false;
    }

    /**
     * What was kept of an HTTP call like this one. Throws if there is nothing, or nothing that may be given, and says why.
     *
     * @param call what its guard's keeper made of this call; null where it has none
     * @param status with which the target answered this call, or 0 if it did not
     */
    default HttpSnapshot snapshot(@Nullable HttpKeeping call, int status) {
        throw new UnsupportedOperationException("no answers of HTTP are kept");
    }

    /** What was kept of a call or a statement like this one, only to be read. Throws as that for HTTP does. */
    default byte[] snapshot(MessageAsk ask) {
        throw new UnsupportedOperationException("no messages are kept");
    }

    /** The caller gets what this link gave. */
    void served();

    /**
     * The link gave nothing. Returns the next to try; null after the last one: the caller gets the refusal or the fault
     * itself.
     */
    @Nullable
    Fallback failed(Throwable cause);

    /** Nothing of the chain can be given any more, neither by this link nor by another. */
    void tooLate(Throwable cause);
}
