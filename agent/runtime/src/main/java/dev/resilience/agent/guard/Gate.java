package dev.resilience.agent.guard;

import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.ConcurrencyLimit;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.Strategy;
import java.util.concurrent.ThreadLocalRandom;

/** Lets in as many calls as may be in flight. */
sealed interface Gate permits Gate.Fixed, Gate.Adaptive {
    /** Returns a permit, to be given back once, or {@link Breaker#LIMITED}. */
    long tryEnter(long nowNanos);

    void exit(long permit, Outcome outcome, long nowNanos);

    void pulse(long nowNanos);

    int limit();

    int inFlight();

    static Gate of(ConcurrencyConfig config, long nowNanos) {
        if (config instanceof ConcurrencyConfig.Fixed fixed) {
            return new Fixed(new ConcurrencyLimit(fixed.calls()));
        }
        ConcurrencyConfig.Adaptive bounds = (ConcurrencyConfig.Adaptive) config;
        Strategy.Adaptive strategy = new Strategy.Adaptive(false, true, bounds.min(), bounds.max());
        return new Adaptive(Breaker.of(
                BreakerConfig.of(strategy), () -> ThreadLocalRandom.current().nextLong(), new Unheard(), nowNanos));
    }

    /** It never opens, so there is nothing to tell. */
    final class Unheard implements Breaker.Listener {
        @Override
        public void transition(BreakerState from, BreakerState to, String counts) {
            // nobody asks
        }

        @Override
        public long timeOfDay(long nowNanos) {
            return Pulse.timeOfDayNanos();
        }
    }

    /** Always as many. */
    record Fixed(ConcurrencyLimit count) implements Gate {
        @Override
        public long tryEnter(long nowNanos) {
            return count.tryEnter() ? 0 : Breaker.LIMITED;
        }

        @Override
        public void exit(long permit, Outcome outcome, long nowNanos) {
            count.exit();
        }

        @Override
        public void pulse(long nowNanos) {
            // what is fixed does not move
        }

        @Override
        public int limit() {
            return count.limit();
        }

        @Override
        public int inFlight() {
            return count.inFlight();
        }
    }

    /** As many as the target can use: a breaker that never opens. */
    record Adaptive(Breaker breaker) implements Gate {
        @Override
        public long tryEnter(long nowNanos) {
            return breaker.tryAcquire(nowNanos);
        }

        @Override
        public void exit(long permit, Outcome outcome, long nowNanos) {
            breaker.settle(permit, outcome, nowNanos);
        }

        @Override
        public void pulse(long nowNanos) {
            breaker.pulse(nowNanos);
        }

        @Override
        public int limit() {
            return breaker.limit();
        }

        @Override
        public int inFlight() {
            return breaker.inFlight();
        }
    }
}
