package dev.resilience.engine;

import java.util.random.RandomGenerator;

/** Decides whether a call that ended is made again, and when. Threads share it. */
public final class RetryDecision {
    /** A push-back that nobody gave. */
    public static final long NOT_TOLD = Long.MIN_VALUE;

    /**
     * One attempt that has ended.
     *
     * @param number of the attempt, of which the first is 1
     * @param isIdempotent whether the call may be made twice
     * @param isReplayable whether its body can be sent again
     * @param pushBackNanos how long the target asks to be left alone; negative for good; or {@link #NOT_TOLD}
     * @param leftNanos of the call's deadline; {@link Long#MAX_VALUE} if it has none
     * @param neededNanos what an attempt takes at least to be of use, such as the usual latency; 0 if unknown
     */
    public record Attempt(
            int number,
            CallEnd end,
            boolean isIdempotent,
            boolean isReplayable,
            long pushBackNanos,
            long leftNanos,
            long neededNanos) {}

    private final RetryConfig config;
    private final RetryBudget budget;

    public RetryDecision(RetryConfig config, RetryBudget budget) {
        this.config = config;
        this.budget = budget;
    }

    /**
     * Returns after how many nanoseconds to make it again, and takes that from the budget; or a negative number that
     * {@link #reason} explains. Room of the target is for faults that it told: its silence says nothing of room.
     */
    public long decide(Attempt attempt, boolean hasRoom, RandomGenerator random, long nowNanos) {
        RetryReason why = refusal(attempt);
        if (why != RetryReason.AGAIN) {
            return why.code();
        }
        long pushBack = Math.max(0, attempt.pushBackNanos);
        long spare = attempt.leftNanos - Math.max(0, attempt.neededNanos) - pushBack;
        if (!budget.tryRetry(hasRoom && attempt.end == CallEnd.FAULT, nowNanos)) {
            return RetryReason.BUDGET_SPENT.code();
        }
        return pushBack + config.backoff().nanos(attempt.number, spare, random);
    }

    /** Why not, before the budget is asked. */
    private RetryReason refusal(Attempt attempt) {
        if (attempt.end == CallEnd.REFUSED) {
            return RetryReason.OWN_REFUSAL;
        }
        if (attempt.end != CallEnd.FAULT && attempt.end != CallEnd.SILENCE) {
            return RetryReason.NO_FAULT;
        }
        if (!attempt.isIdempotent) {
            return RetryReason.NOT_IDEMPOTENT;
        }
        if (!attempt.isReplayable) {
            return RetryReason.NOT_REPLAYABLE;
        }
        if (attempt.number >= config.attempts()) {
            return RetryReason.ATTEMPTS_SPENT;
        }
        if (attempt.pushBackNanos < 0 && attempt.pushBackNanos != NOT_TOLD) {
            return RetryReason.TOLD_NOT_TO;
        }
        long spare = Math.max(0, attempt.leftNanos) - Math.max(0, attempt.neededNanos);
        return spare <= Math.max(0, attempt.pushBackNanos) ? RetryReason.NO_TIME : RetryReason.AGAIN;
    }

    /** What a decision says. */
    public static RetryReason reason(long decision) {
        return RetryReason.of(decision);
    }
}
