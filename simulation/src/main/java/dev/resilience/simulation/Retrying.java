package dev.resilience.simulation;

import dev.resilience.engine.Backoff;
import dev.resilience.engine.CallEnd;
import dev.resilience.engine.RepeatedCalls;
import dev.resilience.engine.RetryBudget;
import dev.resilience.engine.RetryConfig;
import dev.resilience.engine.RetryDecision;
import dev.resilience.engine.RetryDecision.Attempt;
import java.util.random.RandomGenerator;

/** A guard that makes failed calls again, within the budget, and sees the application do so. */
final class Retrying implements Policy {
    private static final int REMEMBERED = 4096;
    private static final long WINDOW_NANOS = 5 * Tally.SECOND;

    private final Policy guard;
    private final RetryBudget budget;
    private final RetryDecision decision;
    private final RepeatedCalls repeated;
    private final RandomGenerator random;

    Retrying(Policy guard, int attempts, RandomGenerator random, long nowNanos) {
        RetryConfig config = new RetryConfig(
                attempts,
                new Backoff(RetryConfig.DEFAULT_BACKOFF, RetryConfig.DEFAULT_MAX_BACKOFF),
                RetryConfig.DEFAULT_BUDGET);
        this.guard = guard;
        this.budget = new RetryBudget(config.budget(), nowNanos);
        this.decision = new RetryDecision(config, budget);
        this.repeated = new RepeatedCalls(REMEMBERED, WINDOW_NANOS, nowNanos);
        this.random = random;
    }

    @Override
    public void begins(long request, long nowNanos) {
        if (repeated.isRepeat(request, nowNanos)) {
            budget.repeated();
        } else {
            budget.called();
        }
    }

    @Override
    public void failed(long request, long nowNanos) {
        repeated.failed(request, nowNanos);
    }

    @Override
    public long tryAcquire(long nowNanos) {
        return guard.tryAcquire(nowNanos);
    }

    @Override
    public void settle(long permit, End end, long nowNanos) {
        guard.settle(permit, end, nowNanos);
    }

    @Override
    public long againAfterNanos(int attempt, End end, long nowNanos) {
        CallEnd how = end == End.TIMED_OUT ? CallEnd.SILENCE : CallEnd.FAULT;
        Attempt ended = new Attempt(attempt, how, true, true, RetryDecision.NOT_TOLD, Long.MAX_VALUE, 0);
        return decision.decide(ended, guard.hasRoom(), random, nowNanos);
    }

    @Override
    public void pulse(long nowNanos) {
        guard.pulse(nowNanos);
        budget.pulse(nowNanos);
    }

    @Override
    public long deadlineNanos() {
        return guard.deadlineNanos();
    }

    /** How many retries of the application's it has seen. */
    long repeats() {
        return budget.repeats();
    }
}
