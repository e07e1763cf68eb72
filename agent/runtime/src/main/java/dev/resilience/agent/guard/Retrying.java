package dev.resilience.agent.guard;

import dev.resilience.agent.policy.Retries;
import dev.resilience.engine.AdaptiveDeadline;
import dev.resilience.engine.CallEnd;
import dev.resilience.engine.RepeatedCalls;
import dev.resilience.engine.RetryBudget;
import dev.resilience.engine.RetryDecision;
import dev.resilience.instrumentation.api.Attempt;
import dev.resilience.instrumentation.api.PushBack;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Decides which failed calls of one target are made again, within their budget, and sees the application do so. */
final class Retrying {
    /** How many failures are kept at most, to know a request again. */
    private static final int REMEMBERED = 1024;

    private static final long SOON_NANOS = 5_000_000_000L;

    /** What a call has that nothing bounds, for waiting: a target may not put it off for an hour. */
    private static final long LONGEST_NANOS = AdaptiveDeadline.UNKNOWN_NANOS;

    private final Retries retries;
    private final RetryBudget budget;
    private final RetryDecision decision;
    /** Made by the first failure: most targets never have one. */
    private volatile @Nullable RepeatedCalls failed;
    /** How long a success takes, about; of two at once one may be lost. */
    private volatile long usualNanos;

    Retrying(Retries retries, long nowNanos) {
        this.retries = retries;
        this.budget = new RetryBudget(retries.config().budget(), nowNanos);
        this.decision = new RetryDecision(retries.config(), budget);
    }

    Retries retries() {
        return retries;
    }

    RetryBudget budget() {
        return budget;
    }

    /** Whether so many failures were seen of late that a call may be one of them, made again. */
    boolean isWatching(long nowNanos) {
        RepeatedCalls seen = failed;
        return seen != null && seen.isWatching(nowNanos);
    }

    /** A call that began then and is no retry of ours has ended. Whether the application made it again by itself. */
    boolean isRepeated(long requestHash, long begunNanos) {
        RepeatedCalls seen = failed;
        if (seen != null && requestHash != 0 && seen.isRepeat(requestHash, begunNanos)) {
            budget.repeated();
            return true;
        }
        budget.called();
        return false;
    }

    /** The caller is told of a failure, and may make this request again. */
    void failed(long requestHash, long nowNanos) {
        if (requestHash != 0) {
            RepeatedCalls seen = failed;
            (seen == null ? watch(nowNanos) : seen).failed(requestHash, nowNanos);
        }
    }

    private synchronized RepeatedCalls watch(long nowNanos) {
        RepeatedCalls seen = failed;
        if (seen == null) {
            seen = new RepeatedCalls(REMEMBERED, SOON_NANOS, nowNanos);
            failed = seen;
        }
        return seen;
    }

    void succeeded(long nanos) {
        long usual = usualNanos;
        usualNanos = usual == 0 ? nanos : usual + (nanos - usual) / 8;
    }

    /** See {@link RetryDecision#decide}. */
    long decide(Attempt attempt, int made, boolean isTimeout, long leftNanos, boolean hasRoom, long nowNanos) {
        CallEnd end = attempt.isShown() ? CallEnd.ANSWERED : isTimeout ? CallEnd.SILENCE : CallEnd.FAULT;
        long pushBack = attempt.pushBackNanos();
        return decision.decide(
                new RetryDecision.Attempt(
                        made,
                        end,
                        attempt.isIdempotent() || isNamed(attempt.rpc()),
                        attempt.isReplayable(),
                        pushBack == PushBack.NOT_TOLD ? RetryDecision.NOT_TOLD : pushBack,
                        Math.min(LONGEST_NANOS, leftNanos),
                        usualNanos),
                hasRoom,
                ThreadLocalRandom.current(),
                nowNanos);
    }

    private boolean isNamed(@Nullable String rpc) {
        int slash = rpc == null ? -1 : rpc.lastIndexOf('/');
        return rpc != null && slash >= 0 && retries.isIdempotent(rpc.substring(0, slash), rpc.substring(slash + 1));
    }
}
