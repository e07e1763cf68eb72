package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicInteger;

/** An adaptive breaker brought to where a race begins, pulsed on time. */
final class StagedAdaptive {
    static final int STREAK = 20;
    private static final int NEEDED_PROBES = 3;
    static final long PULSE = 100_000_000;

    private final AtomicInteger transitions = new AtomicInteger();
    final Breaker breaker = Breaker.of(
            BreakerConfig.of(Strategy.Adaptive.DEFAULT),
            () -> 0,
            (from, to, counts) -> transitions.incrementAndGet(),
            0);

    /** A streak that lacks this many failures. */
    static StagedAdaptive failing(int lacking) {
        StagedAdaptive staged = new StagedAdaptive();
        for (int i = 0; i < STREAK - lacking; i++) {
            staged.breaker.settle(staged.breaker.tryAcquire(0), Outcome.FAILURE, 0);
        }
        return staged;
    }

    /** Open, and a probe may start at {@link #PULSE}. */
    static StagedAdaptive ready() {
        StagedAdaptive staged = failing(0);
        staged.breaker.pulse(PULSE);
        return staged;
    }

    /** One more probe that succeeds begins the ramp. */
    static StagedAdaptive lastProbe() {
        StagedAdaptive staged = ready();
        for (int i = 1; i < NEEDED_PROBES; i++) {
            staged.breaker.settle(staged.breaker.tryAcquire(PULSE), Outcome.SUCCESS, PULSE);
        }
        return staged;
    }

    int admitted(long nowNanos) {
        long permit = breaker.tryAcquire(nowNanos);
        return permit == Breaker.REFUSED || permit == Breaker.LIMITED ? 0 : 1;
    }

    String story() {
        return breaker.state() + " after " + transitions.get();
    }
}
