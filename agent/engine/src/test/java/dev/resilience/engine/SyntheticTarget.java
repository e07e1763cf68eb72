package dev.resilience.engine;

import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/** A target of some servers and one queue, called through an adaptive breaker by callers that never slow down. */
final class SyntheticTarget {
    static final double MILLI = 1e6;
    static final double SECOND = 1e9;
    private static final long PULSE = 100_000_000;

    private record Done(long at, long permit) {}

    final AdaptiveBreaker breaker;
    private final SplittableRandom random;
    private final PriorityQueue<Long> servers = new PriorityQueue<>();
    private final PriorityQueue<Done> underWay = new PriorityQueue<>((a, b) -> Long.compare(a.at, b.at));
    private int toLose;
    private int lost;
    private long now;
    private long nextPulse;

    /** How long one service takes, in nanoseconds. */
    ToDoubleFunction<SplittableRandom> service;

    // since the last call of forget()
    long offered;
    long refused;
    long answered;
    private double inFlight;
    private long pulses;

    SyntheticTarget(Strategy.Adaptive strategy, int servers, ToDoubleFunction<SplittableRandom> service, long seed) {
        this.random = new SplittableRandom(seed);
        this.service = service;
        this.breaker = new AdaptiveBreaker(BreakerConfig.of(strategy), random.split(), (from, to, counts) -> {}, 0);
        for (int i = 0; i < servers; i++) {
            this.servers.add(0L);
        }
    }

    /** Log-normal of this mean, with the spread services are said to have. */
    static ToDoubleFunction<SplittableRandom> around(double nanos) {
        double sigma = 0.5;
        return random -> nanos * Math.exp(sigma * random.nextGaussian() - sigma * sigma / 2);
    }

    static ToDoubleFunction<SplittableRandom> exponential(double nanos) {
        return random -> nanos * random.nextExponential();
    }

    /** So many of the servers work for others, once they have done what was begun. */
    void lose(int count) {
        toLose = count;
    }

    void regain() {
        for (; lost > 0; lost--) {
            servers.add(now);
        }
    }

    /** Calls that come by Poisson's law. */
    void offer(double perSecond, double nanos) {
        long end = now + (long) nanos;
        for (long at = next(perSecond); at < end; at = next(perSecond)) {
            advance(at);
            call();
        }
        advance(end);
    }

    private long next(double perSecond) {
        return now + (long) (random.nextExponential() / perSecond * SECOND);
    }

    /** So many calls in the same instant. */
    void burst(int calls) {
        for (int i = 0; i < calls; i++) {
            call();
        }
    }

    void call() {
        offered++;
        long permit = breaker.tryAcquire(now);
        if (permit == Breaker.REFUSED || permit == Breaker.LIMITED) {
            refused++;
            return;
        }
        long begin = Math.max(now, servers.remove());
        long end = begin + (long) service.applyAsDouble(random);
        servers.add(end);
        underWay.add(new Done(end, permit));
    }

    void advance(long to) {
        while (true) {
            Done first = underWay.peek();
            if (first != null && first.at <= to && first.at <= nextPulse) {
                underWay.remove();
                now = first.at;
                answered++;
                breaker.settle(first.permit, Outcome.SUCCESS, now);
                if (toLose > 0) {
                    toLose--;
                    lost++;
                    servers.remove();
                }
            } else if (nextPulse <= to) {
                now = nextPulse;
                nextPulse += PULSE;
                breaker.pulse(now);
                pulses++;
                inFlight += breaker.inFlight();
            } else {
                now = to;
                return;
            }
        }
    }

    void idle(double nanos) {
        advance(now + (long) nanos);
    }

    void forget() {
        offered = 0;
        refused = 0;
        answered = 0;
        inFlight = 0;
        pulses = 0;
    }

    double shed() {
        return (double) refused / offered;
    }

    double meanInFlight() {
        return inFlight / pulses;
    }
}
