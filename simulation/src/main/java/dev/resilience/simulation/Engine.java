package dev.resilience.simulation;

import dev.resilience.engine.AdaptiveBreaker;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.RetryBudget;
import java.util.random.RandomGenerator;

/** Our breaker. The adaptive one's patience is the deadline of each call, if calls can be ended at all. */
final class Engine implements Policy {
    private final Breaker breaker;
    private final boolean endsCalls;

    Engine(BreakerConfig config, boolean endsCalls, RandomGenerator random, long nowNanos) {
        this.breaker = Breaker.of(config, random, (from, to, counts) -> {}, nowNanos);
        this.endsCalls = endsCalls;
    }

    @Override
    public long tryAcquire(long nowNanos) {
        long permit = breaker.tryAcquire(nowNanos);
        return permit == Breaker.REFUSED || permit == Breaker.LIMITED ? REFUSED : permit;
    }

    @Override
    public void settle(long permit, End end, long nowNanos) {
        breaker.settle(permit, end == End.ANSWERED ? Outcome.SUCCESS : Outcome.FAILURE, nowNanos);
    }

    @Override
    public void pulse(long nowNanos) {
        breaker.pulse(nowNanos);
    }

    @Override
    public boolean hasRoom() {
        return RetryBudget.hasRoom(breaker);
    }

    @Override
    public long deadlineNanos() {
        return endsCalls && breaker instanceof AdaptiveBreaker adaptive ? adaptive.patienceNanos() : Long.MAX_VALUE;
    }
}
