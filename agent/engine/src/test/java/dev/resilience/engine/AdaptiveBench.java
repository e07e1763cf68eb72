package dev.resilience.engine;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** An adaptive breaker on a clock moved by hand, with what it told written down. */
final class AdaptiveBench {
    static final long MILLI = 1_000_000;
    static final long PULSE = 100 * MILLI;

    final List<String> transitions = Collections.synchronizedList(new ArrayList<>());
    final AdaptiveBreaker breaker;
    /** What the last pulse told, null if that was nothing. */
    @Nullable
    Counted counted;

    boolean mayOpen = true;
    long now;

    private final class Told implements Breaker.Listener {
        @Override
        public void transition(BreakerState from, BreakerState to, String counts) {
            transitions.add(from + ">" + to + " " + counts);
        }

        @Override
        public void counted(Counted told) {
            counted = told;
        }

        @Override
        public boolean mayOpen() {
            return mayOpen;
        }
    }

    AdaptiveBench() {
        this(Strategy.Adaptive.DEFAULT, 7, 0);
    }

    AdaptiveBench(Strategy.Adaptive strategy, long seed, long start) {
        this(strategy, new SplittableRandom(seed), start);
    }

    AdaptiveBench(Strategy.Adaptive strategy, RandomGenerator random, long start) {
        now = start;
        breaker = (AdaptiveBreaker) Breaker.of(BreakerConfig.of(strategy), random, new Told(), start);
    }

    static boolean isGranted(long permit) {
        return permit != Breaker.REFUSED && permit != Breaker.LIMITED;
    }

    long acquire() {
        return breaker.tryAcquire(now);
    }

    long[] acquire(int calls) {
        long[] permits = new long[calls];
        Arrays.setAll(permits, i -> acquire());
        return permits;
    }

    void settle(long permit, Outcome outcome) {
        breaker.settle(permit, outcome, now);
    }

    void settle(long[] permits, Outcome outcome) {
        for (long permit : permits) {
            settle(permit, outcome);
        }
    }

    /** Calls that ended now and began so long before. */
    void calls(int times, long nanos, Outcome outcome) {
        for (int i = 0; i < times; i++) {
            breaker.settle(breaker.tryAcquire(now - nanos), outcome, now);
        }
    }

    void pulse() {
        counted = null;
        breaker.pulse(now);
    }

    /** With a pulse every 100 ms, as in life, and one at the end. */
    void pass(Duration time) {
        long end = now + time.toNanos();
        while (end - now > 0) {
            now += Math.min(PULSE, end - now);
            pulse();
        }
    }

    /** Without a pulse. */
    void jump(Duration time) {
        now += time.toNanos();
    }

    /** So many seconds of 200 calls that take 10 ms. */
    void warm(int seconds) {
        for (int i = 0; i < 10 * seconds; i++) {
            calls(20, 10 * MILLI, Outcome.SUCCESS);
            pass(Duration.ofNanos(PULSE));
        }
    }

    void trip() {
        while (breaker.state() != BreakerState.OPEN) {
            settle(acquire(), Outcome.FAILURE);
        }
    }

    /** So many calls that not all of them need be timed, and that each thread has a lane. */
    void heat() {
        for (int i = 0; i < 4; i++) {
            calls(20_000, MILLI, Outcome.SUCCESS);
            pass(Duration.ofNanos(PULSE));
        }
    }

    /** Open, and a probe may start. */
    void ready() {
        trip();
        while (breaker.retryAfterNanos(now) > 0) {
            pass(Duration.ofNanos(PULSE));
        }
        pulse();
    }

    /** The next probe there is, however long it takes to come. */
    long probe() {
        long permit = acquire();
        for (int i = 0; i < 50 && !isGranted(permit); i++) {
            pass(Duration.ofNanos(PULSE));
            permit = acquire();
        }
        assertThat(Permit.place(permit)).isEqualTo(Permit.PROBE);
        return permit;
    }

    /** All calls succeed from now on; says how long it takes to close, at most what is asked for. */
    double secondsToClose(long patience) {
        long start = now;
        while (breaker.state() != BreakerState.CLOSED && now - start < SECONDS.toNanos(patience)) {
            pass(Duration.ofNanos(PULSE));
            calls(1, MILLI, Outcome.SUCCESS);
        }
        return (now - start) / 1e9;
    }
}
