package dev.resilience.engine;

import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.LongToDoubleFunction;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Calls that come by Poisson's law, through a breaker and a limit, to a target that does all of them at once. */
final class Caller {
    static final long SECOND = 1_000_000_000;
    private static final long PULSE = SECOND / 10;

    private record Call(long end, long permit, Outcome outcome, boolean cut) {}

    private final SplittableRandom random;
    private final PriorityQueue<Call> underWay = new PriorityQueue<>((a, b) -> Long.compare(a.end, b.end));
    private final Breaker breaker;
    private final @Nullable ConcurrencyLimit limit;
    private final long deadline;
    private long now;
    private long nextPulse = PULSE;

    /** Calls a second, by the second. */
    LongToDoubleFunction rate = second -> 50;

    ToDoubleFunction<SplittableRandom> latency = logNormal(20e6, 0.5);
    double failing;

    long calls;
    long refused;
    long cut;
    int trips;

    /** Only observed, by what is told. */
    Caller(long seed, Traffic traffic) {
        this.random = new SplittableRandom(seed);
        this.limit = null;
        this.deadline = Long.MAX_VALUE;
        this.breaker = breaker(BreakerConfig.of(Strategy.Adaptive.DEFAULT), traffic);
    }

    /** As suggested. */
    Caller(long seed, Suggestion suggestion) {
        this.random = new SplittableRandom(seed);
        this.limit = new ConcurrencyLimit(suggestion.concurrency());
        this.deadline = suggestion.deadline().toNanos();
        Strategy.TimeWindow thresholds = suggestion.thresholds();
        if (thresholds == null) {
            throw new AssertionError("no thresholds");
        }
        this.breaker = breaker(BreakerConfig.of(thresholds), null);
    }

    private Breaker breaker(BreakerConfig config, @Nullable Traffic traffic) {
        Breaker.Listener listener = new Breaker.Listener() {
            @Override
            public void transition(BreakerState from, BreakerState to, String counts) {
                if (to == BreakerState.OPEN) {
                    trips++;
                    if (traffic != null) {
                        traffic.opened(now);
                    }
                }
            }

            @Override
            public void counted(Counted counted) {
                if (traffic != null) {
                    traffic.add(counted);
                }
            }
        };
        return Breaker.of(config, new SplittableRandom(7), listener, 0);
    }

    static ToDoubleFunction<SplittableRandom> logNormal(double median, double sigma) {
        return random -> median * Math.exp(sigma * random.nextGaussian());
    }

    /** Three in ten take 600 ms or so, the others 10 ms. */
    static ToDoubleFunction<SplittableRandom> bimodal() {
        return random -> logNormal(random.nextInt(10) < 3 ? 600e6 : 10e6, 0.1).applyAsDouble(random);
    }

    Caller play(long seconds) {
        long end = now + seconds * SECOND;
        while (now < end) {
            double perSecond = rate.applyAsDouble(now / SECOND);
            // a second without calls is passed over; a gap that leaves its second is drawn again, which changes nothing
            long gap = perSecond <= 0 ? SECOND : (long) Math.min(SECOND, random.nextExponential() / perSecond * SECOND);
            long secondsEnd = (now / SECOND + 1) * SECOND;
            if (now + gap >= secondsEnd) {
                advance(secondsEnd);
            } else {
                advance(now + gap);
                call();
            }
        }
        return this;
    }

    private void call() {
        calls++;
        long permit = breaker.tryAcquire(now);
        if (Breaker.isRefusal(permit)) {
            refused++;
            return;
        }
        if (limit != null && !limit.tryEnter()) {
            breaker.settle(permit, Outcome.IGNORED, now);
            refused++;
            return;
        }
        long nanos = (long) latency.applyAsDouble(random);
        boolean isCut = nanos > deadline;
        cut += isCut ? 1 : 0;
        boolean failed = isCut || random.nextDouble() < failing;
        underWay.add(
                new Call(now + Math.min(nanos, deadline), permit, failed ? Outcome.FAILURE : Outcome.SUCCESS, isCut));
    }

    private void advance(long to) {
        while (true) {
            Call first = underWay.peek();
            if (first != null && first.end <= Math.min(to, nextPulse)) {
                underWay.remove();
                now = first.end;
                breaker.settle(first.permit, first.outcome, now);
                if (limit != null) {
                    limit.exit();
                }
            } else if (nextPulse <= to) {
                now = nextPulse;
                nextPulse += PULSE;
                breaker.pulse(now);
            } else {
                now = to;
                return;
            }
        }
    }

    /** The process stands still, and what it waits for goes on. */
    void freeze(long nanos) {
        call();
        nextPulse = now + nanos;
        advance(now + nanos);
    }

    long now() {
        return now;
    }
}
