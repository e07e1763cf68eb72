package dev.resilience.engine;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** A breaker brought to where a race begins. */
final class Staged {
    static final Strategy.Consecutive TWO_IN_A_ROW = new Strategy.Consecutive(2);
    static final Strategy.TimeWindow TWO_IN_A_SECOND = new Strategy.TimeWindow(Duration.ofSeconds(1), 1, 2, 0.5);
    static final Strategy.CountWindow TWO_OF_TWO = new Strategy.CountWindow(2, 2, 0.5);

    private static final Duration WAIT = Duration.ofSeconds(30);
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);

    /** It opened at 0; its wait is over, and its probes begin here. */
    static final long HALF_OPEN_AT = WAIT.toNanos();

    /** The first instant at which a probe granted at {@link #HALF_OPEN_AT} is too old. */
    static final long PROBE_LOST_AT = HALF_OPEN_AT + PROBE_TIMEOUT.toNanos();

    final Breaker breaker;
    private final AtomicInteger transitions = new AtomicInteger();

    private Staged(Strategy strategy, int probes, double neededShare) {
        breaker = Breaker.of(
                new BreakerConfig(strategy, WAIT, WAIT, 0, probes, neededShare, PROBE_TIMEOUT),
                () -> 0,
                (from, to, counts) -> transitions.incrementAndGet(),
                0);
    }

    static Staged closed(Strategy strategy) {
        return new Staged(strategy, 1, 1);
    }

    static Staged open(int probes, double neededShare) {
        Staged staged = new Staged(new Strategy.Consecutive(1), probes, neededShare);
        staged.fail(0);
        return staged;
    }

    static Staged halfOpen(int probes, double neededShare) {
        Staged staged = open(probes, neededShare);
        staged.breaker.pulse(HALF_OPEN_AT);
        return staged;
    }

    void fail(long nowNanos) {
        breaker.settle(breaker.tryAcquire(nowNanos), Outcome.FAILURE, nowNanos);
    }

    long probe() {
        return probe(0);
    }

    /** Of another instant, so that it is another permit. */
    long probe(long laterNanos) {
        return breaker.tryAcquire(HALF_OPEN_AT + laterNanos);
    }

    int admitted() {
        return probe() == Breaker.REFUSED ? 0 : 1;
    }

    /** How many it still admits, ten at most. */
    int admits() {
        int admits = 0;
        while (admits < 10 && probe() != Breaker.REFUSED) {
            admits++;
        }
        return admits;
    }

    String story() {
        return told() + ": " + breaker.counts();
    }

    String trip() {
        return told() + ", " + Duration.ofNanos(breaker.retryAfterNanos(0)).toSeconds() + " s";
    }

    private String told() {
        return breaker.state() + " after " + transitions.get();
    }
}
