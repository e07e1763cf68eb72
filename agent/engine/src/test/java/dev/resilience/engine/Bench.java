package dev.resilience.engine;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;

/** A breaker on a clock moved by hand, with what it told written down. */
final class Bench {
    static final BreakerConfig CONSECUTIVE = config(new Strategy.Consecutive(5));
    static final BreakerConfig TIME_WINDOW = config(new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.5));
    static final BreakerConfig COUNT_WINDOW = config(new Strategy.CountWindow(20, 20, 0.5));

    static final BreakerConfig EWMA = config(new Strategy.Ewma(0.2, 20, 0.5));
    static final BreakerConfig TWO_DIMENSION = config(new Strategy.TwoDimension(
            0.2,
            20,
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            2,
            3,
            Duration.ofMillis(800),
            Duration.ofMillis(1500),
            0.2));
    static final BreakerConfig SLO = config(new Strategy.Slo(
            Duration.ofMillis(800),
            0.001,
            1000,
            Duration.ofSeconds(30),
            Duration.ofMinutes(5),
            300,
            3,
            Duration.ofMillis(120)));

    final List<String> transitions = Collections.synchronizedList(new ArrayList<>());
    final Breaker breaker;
    long now;

    Bench(BreakerConfig config) {
        this(config, 0);
    }

    Bench(BreakerConfig config, long start) {
        this(config, start, () -> 0);
    }

    Bench(BreakerConfig config, long start, RandomGenerator random) {
        now = start;
        breaker = Breaker.of(
                config, random, (from, to, counts) -> transitions.add(from + ">" + to + " " + counts), start);
    }

    static BreakerConfig config(Strategy strategy) {
        return new BreakerConfig(
                strategy, Duration.ofSeconds(30), Duration.ofSeconds(60), 0, 10, 0.9, Duration.ofSeconds(2));
    }

    static BreakerConfig probing(int probes, double rate) {
        return new BreakerConfig(
                new Strategy.Consecutive(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                0,
                probes,
                rate,
                Duration.ofSeconds(2));
    }

    static BreakerConfig waiting(Duration openFor, Duration maxOpenFor, double jitter) {
        return new BreakerConfig(new Strategy.Consecutive(1), openFor, maxOpenFor, jitter, 1, 1, Duration.ofSeconds(2));
    }

    long acquire() {
        return breaker.tryAcquire(now);
    }

    void settle(long permit, Outcome outcome) {
        breaker.settle(permit, outcome, now);
    }

    void call(Outcome outcome) {
        settle(acquire(), outcome);
    }

    void calls(int times, Outcome outcome) {
        for (int i = 0; i < times; i++) {
            call(outcome);
        }
    }

    /** One that began {@code latency} ago. */
    void call(Outcome outcome, Duration latency) {
        settle(breaker.tryAcquire(now - latency.toNanos()), outcome);
    }

    void calls(int times, Outcome outcome, Duration latency) {
        for (int i = 0; i < times; i++) {
            call(outcome, latency);
        }
    }

    void pulse() {
        breaker.pulse(now);
    }

    /** With a pulse every 100 ms, as in life, and one at the end. */
    void pass(Duration time) {
        long end = now + time.toNanos();
        while (end - now > 0) {
            now += Math.min(100_000_000, end - now);
            pulse();
        }
    }

    /** Without a pulse. */
    void jump(Duration time) {
        now += time.toNanos();
    }

    void trip() {
        while (breaker.state() == BreakerState.CLOSED) {
            call(Outcome.FAILURE);
        }
    }

    /** Of any strategy: calls fail, and take the longer the longer it lasts. */
    void tripInTime() {
        for (int i = 0; breaker.state() == BreakerState.CLOSED && i < 1000; i++) {
            calls(20, Outcome.FAILURE, Duration.ofMillis(10L * i));
            pass(Duration.ofMillis(100));
        }
    }

    void halfOpen() {
        if (breaker.state() == BreakerState.CLOSED) {
            trip();
        }
        now += breaker.retryAfterNanos(now);
        pulse();
    }

    void close() {
        halfOpen();
        for (int i = 0; i < 1000 && breaker.state() == BreakerState.HALF_OPEN; i++) {
            call(Outcome.SUCCESS);
        }
    }

    /** All calls succeed from now on; says how long it takes to close, at most what is asked for. */
    long secondsToClose(long patience) {
        long start = now;
        while (breaker.state() != BreakerState.CLOSED && now - start < SECONDS.toNanos(patience)) {
            pass(Duration.ofMillis(100));
            call(Outcome.SUCCESS);
        }
        return SECONDS.convert(now - start, java.util.concurrent.TimeUnit.NANOSECONDS);
    }
}
