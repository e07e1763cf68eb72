package dev.resilience.instrumentation.api;

import org.jspecify.annotations.Nullable;

/**
 * The policies of one target, joined. Thread-safe. No method throws: an agent fault admits the call.
 *
 * <p>The life of a call: {@link #tryAcquire}, once; then, if it was admitted, {@link #settle} on every path, at least
 * once (the first one counts). A call that was never admitted need not be settled; settling it does nothing.
 */
public interface Guard {
    /**
     * Whether the adapter may change what the application sees. When false the adapter only reports: it must not wrap
     * results, replace arguments or move callbacks.
     */
    boolean enforces();

    /** The budget of one call in nanoseconds; 0 for none. Always 0 unless {@link #enforces}. */
    long deadlineNanos();

    /**
     * Whether the deadline is learned from the calls. Such a one says how long a target takes to answer, not how long it
     * speaks, so a body that is still coming when its answer is handed on may take what it takes. And it is nobody's but
     * the guard's: a library is not given it, as it would tell the target.
     */
    boolean isDeadlineAdaptive();

    /** The head of the answer is there, and its body is coming: an adaptive deadline is over. */
    void answering(Call call);

    /**
     * Decides on a call, as late as possible: right before the library is let loose. Null admits it; a guard that does
     * not enforce always admits. A deadline is armed from here unless the call brings its own timer.
     */
    @Nullable
    Refusal tryAcquire(Call call);

    /**
     * Ends an admitted call. Returns what to answer instead of a fault of the target, or null to hand on what
     * happened; null always unless {@link #enforces}.
     */
    @Nullable
    Fallback settle(Call call, Ending ending);

    /**
     * What to tell the caller of a call that its library ends at the guard's deadline, before {@link #settleExpired}; null
     * to leave it with what the library says.
     */
    default @Nullable Refusal expired(Call call) {
        return null;
    }

    /**
     * What to tell the reader of an answer that was no good, and so has ended its call, and that is still not whole at the
     * guard's deadline: one more outcome of the call, told as such. Null to leave it with what the adapter says.
     */
    default @Nullable Refusal expiredAfterwards(Call settled) {
        return null;
    }

    /**
     * For the thread that waits for an admitted call, and need not wait for the guard's timer as well: cuts the call if its
     * deadline is over, which the timer does some milliseconds later. Returns how long it has, in nanoseconds, and may
     * have more then; {@link Long#MAX_VALUE} if there is nothing to wait for but its end.
     */
    default long cutIfDue(Call call) {
        return Long.MAX_VALUE;
    }

    /** Who looked with {@link #cutIfDue} waits no longer: from now on the guard's timer alone keeps the deadline. */
    default void isLeft(Call call) {}

    /**
     * Ends a call cut by its deadline: {@code thrown} is what the library made of the cut, or, where it makes nothing of
     * it, what the caller gets. Also for a library that enforces the guard's deadline itself.
     */
    @Nullable
    Fallback settleExpired(Call call, @Nullable Throwable thrown);

    /**
     * Who is to be told of an HTTP call of this method, and of its answer; null, at no cost, where nobody is. Asked
     * before {@link #tryAcquire}.
     */
    default @Nullable HttpKeeper httpKeeper(String method) {
        return null;
    }

    /** Who is to be told of good answers to unary calls of gRPC, and to statements; null, at no cost, where nobody is. */
    default @Nullable MessageKeeper messageKeeper() {
        return null;
    }

    /** Whether calls that fail may be made again; false, at no cost, where no policy asks for that. */
    default boolean repeats() {
        return false;
    }

    /**
     * How long a body may be silent while its reader waits for more, in nanoseconds; 0 for as long as it likes. 0 always
     * unless {@link #enforces}.
     */
    default long stallAfterNanos() {
        return 0;
    }

    /** Whether that is learned from the bodies: then it is not meant for one that pauses by its nature. */
    default boolean isStallAfterAdaptive() {
        return false;
    }

    /**
     * Whether others than their database may answer statements, or it may be asked twice: then has to be known what each
     * says and for whom it is made. Costs nothing.
     */
    default boolean looksIntoStatements() {
        return false;
    }

    /** How long a stream may take; null where it may take as long as it likes. Null always unless {@link #enforces}. */
    default @Nullable StreamBudgets streamBudgets() {
        return null;
    }

    /**
     * Times a stream beside its call, which its first sign of life settles: unless it is {@link #heard} of before,
     * {@code stream} is cancelled once it is {@link #due}, and then ended by {@link #settleExpired}. It is no call of its
     * own: it is not decided on, and a drain does not know it.
     *
     * @param call the stream's call, admitted
     */
    default void watch(Call stream, Call call) {}

    /** From now on the watched stream is cut after so many nanoseconds; {@link Long#MAX_VALUE} for never. */
    default void due(Call stream, long nanos) {}

    /**
     * Whether this call is to show that answers of its target no longer stop half-way: then that one begins is no success
     * yet. Asked when the head of its answer is there.
     */
    default boolean awaitsEnd(Call call) {
        return false;
    }

    /**
     * The watched stream is over, and not cut.
     *
     * @param silenceNanos the longest that it was silent for before it went on
     * @param isWhole whether it came to its end
     */
    default void heard(Call stream, long silenceNanos, boolean isWhole) {}
}
