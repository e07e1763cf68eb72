package dev.resilience.simulation;

import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Outcome;
import java.util.random.RandomGenerator;

/** Our breaker. */
final class Engine implements Policy {
    private final Breaker breaker;

    Engine(BreakerConfig config, RandomGenerator random, long nowNanos) {
        this.breaker = new Breaker(config, random, (from, to, counts) -> {}, nowNanos);
    }

    @Override
    public long tryAcquire(long nowNanos) {
        return breaker.tryAcquire(nowNanos);
    }

    @Override
    public void settle(long permit, End end, long nowNanos) {
        breaker.settle(permit, end == End.ANSWERED ? Outcome.SUCCESS : Outcome.FAILURE, nowNanos);
    }

    @Override
    public void pulse(long nowNanos) {
        breaker.pulse(nowNanos);
    }
}
