package dev.resilience.benchmarks;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limit.VegasLimit;
import com.netflix.concurrency.limits.limit.WindowedLimit;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import dev.failsafe.CircuitBreaker;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.RateConfig;
import dev.resilience.engine.RateLimit;
import dev.resilience.engine.Strategy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** One call through a healthy guard. */
final class ClosedRows {
    static final String BREAKER = "resilience.jar: time-window";
    static final String EVERYTHING = "resilience.jar: everything: adaptive, with its limit, and a rate limit";
    static final String SAMPLED = "resilience.jar: time-window, hot, one call in 32 timed";
    static final String EVERYTHING_SAMPLED = "resilience.jar: everything, hot, one call in 32 timed";
    static final String PEERS_STACK = "Resilience4j bulkhead + rate limiter + breaker";

    private static final Map<String, String> ENFORCING = Map.of("resilience.mode", "enforce");

    static final Group GROUP = new Group(
            "Closed: one guarded call that succeeds",
            List.of(
                    Row.of("resilience.jar: consecutive", () -> ours(Ours.CONSECUTIVE)),
                    Row.of(BREAKER, () -> ours(Ours.TIME_WINDOW)),
                    Row.of("resilience.jar: count-window", () -> ours(Ours.COUNT_WINDOW)),
                    Row.of("resilience.jar: ewma", () -> ours(Ours.EWMA)),
                    Row.of("resilience.jar: two-dimension", () -> ours(Ours.TWO_DIMENSION)),
                    Row.of("resilience.jar: slo", () -> ours(Ours.SLO)),
                    Row.of(
                            "resilience.jar: adaptive, breaker + calls in flight",
                            () -> ours(Ours.ADAPTIVE_WITHOUT_LIMIT)),
                    Row.of("resilience.jar: adaptive, with its limit", () -> ours(Ours.ADAPTIVE)),
                    Row.of(
                            "resilience.jar: adaptive, as an instance of a service",
                            () -> ours(Ours.instance(Ours.ADAPTIVE, null))),
                    Row.of(
                            "resilience.jar: adaptive, with an objective for its latency beside it",
                            () -> ours(Ours.instance(Ours.ADAPTIVE, Ours.SLO))),
                    Row.of(EVERYTHING, ClosedRows::everything),
                    Row.of(SAMPLED, () -> sampled(Ours.TIME_WINDOW)),
                    Row.alone(EVERYTHING_SAMPLED, ClosedRows::everythingSampled),
                    Row.of("resilience.jar: adaptive, with its limit, hot", () -> sampled(Ours.ADAPTIVE)),
                    Row.of("resilience.jar: adaptive, told the time", () -> oursToldTheTime(Ours.ADAPTIVE)),
                    Row.of("resilience.jar: time-window, told the time", () -> oursToldTheTime(Ours.TIME_WINDOW)),
                    Row.of("resilience.jar: the agent's guard, observing", () -> AgentGuard.succeeds(Map.of())),
                    Row.of("resilience.jar: the agent's guard, enforcing", () -> AgentGuard.succeeds(ENFORCING)),
                    Row.of(
                            "Resilience4j breaker, last 100 calls, locked",
                            () -> Resilience4j.acquireAndSucceed(Resilience4j.counting(Resilience4j.LOCKED))),
                    Row.of(
                            "Resilience4j breaker, last 100 calls, LOCK_FREE",
                            () -> Resilience4j.acquireAndSucceed(Resilience4j.counting(Resilience4j.LOCK_FREE))),
                    Row.of(
                            "Resilience4j breaker, last 60 s, locked",
                            () -> Resilience4j.acquireAndSucceed(Resilience4j.timed(Resilience4j.LOCKED))),
                    Row.of(
                            "Resilience4j breaker, last 60 s, LOCK_FREE",
                            () -> Resilience4j.acquireAndSucceed(Resilience4j.timed(Resilience4j.LOCK_FREE))),
                    Row.of(
                            "Resilience4j decorateSupplier, last 100 calls, locked",
                            () -> Resilience4j.decorated(Resilience4j.counting(Resilience4j.LOCKED))),
                    Row.of(
                            "Resilience4j decorateSupplier, last 100 calls, LOCK_FREE",
                            () -> Resilience4j.decorated(Resilience4j.counting(Resilience4j.LOCK_FREE))),
                    Row.alone(
                            "Resilience4j decorateSupplier, last 60 s, locked",
                            () -> Resilience4j.decorated(Resilience4j.timed(Resilience4j.LOCKED))),
                    Row.alone(
                            "Resilience4j decorateSupplier, last 60 s, LOCK_FREE",
                            () -> Resilience4j.decorated(Resilience4j.timed(Resilience4j.LOCK_FREE))),
                    Row.of(PEERS_STACK, Resilience4j::stack),
                    Row.of("Failsafe breaker, last 100 calls, reads no clock", () -> failsafe(counting())),
                    Row.of("Failsafe breaker, last 60 s, reads one clock", () -> failsafe(timed())),
                    Row.of("Failsafe.with(breaker).get, last 100 calls", () -> failsafeGet(counting())),
                    Row.alone("Failsafe.with(breaker).get, last 60 s", () -> failsafeGet(timed())),
                    Row.of("Sentinel entry, with a degrade rule", Sentinel::entryWithRule),
                    Row.alone("Sentinel entry, without a rule", Sentinel::entry),
                    Row.of("Netflix limiter, Gradient2", () -> netflix(Gradient2Limit.newDefault())),
                    Row.of("Netflix limiter, Vegas", () -> netflix(VegasLimit.newDefault())),
                    Row.of(
                            "Netflix limiter, windowed Gradient2",
                            () -> netflix(WindowedLimit.newBuilder().build(Gradient2Limit.newDefault())))));

    private static Row.Operation ours(Strategy strategy) {
        return ours(Ours.breaker(strategy));
    }

    private static Row.Operation ours(Breaker breaker) {
        return () -> {
            breaker.settle(breaker.tryAcquire(System.nanoTime()), Outcome.SUCCESS, System.nanoTime());
            return 1;
        };
    }

    private static Row.Operation everything() {
        Breaker breaker = Ours.breaker(Ours.ADAPTIVE);
        RateLimit rate = Ours.rateLimit();
        return () -> {
            long now = System.nanoTime();
            long permit = breaker.tryAcquire(now);
            boolean isWithinRate = rate.tryAcquire(Ours.hurried(now));
            breaker.settle(permit, Outcome.SUCCESS, System.nanoTime());
            return isWithinRate;
        };
    }

    private static boolean isTimed(Breaker breaker) {
        return !breaker.isHot() || ThreadLocalRandom.current().nextInt(Breaker.TIMED) == 0;
    }

    private static Row.Operation sampled(Strategy strategy) {
        Breaker breaker = Ours.breaker(strategy);
        return () -> {
            if (isTimed(breaker)) {
                breaker.settle(breaker.tryAcquire(System.nanoTime()), Outcome.SUCCESS, System.nanoTime());
            } else {
                breaker.settleUntimed(breaker.tryAcquireUntimed());
            }
            return 1;
        };
    }

    /** The rate is told a time that goes on with the calls, as no rate may be as high as a thread that does nothing else asks. */
    private static Row.Operation everythingSampled() {
        Breaker breaker = Ours.breaker(Ours.ADAPTIVE);
        RateLimit rate = new RateLimit(new RateConfig(1_000_000, RateConfig.SECOND, 1_000_000), 0);
        long[] told = {0};
        return () -> {
            told[0] += 1_000;
            if (isTimed(breaker)) {
                long permit = breaker.tryAcquire(System.nanoTime());
                boolean isWithinRate = rate.tryAcquire(told[0]);
                breaker.settle(permit, Outcome.SUCCESS, System.nanoTime());
                return isWithinRate;
            }
            long permit = breaker.tryAcquireUntimed();
            boolean isWithinRate = rate.tryAcquire(told[0]);
            breaker.settleUntimed(permit);
            return isWithinRate;
        };
    }

    private static Row.Operation oursToldTheTime(Strategy strategy) {
        Breaker breaker = Ours.breaker(strategy);
        return () -> {
            long now = Ours.pulseTime;
            breaker.settle(breaker.tryAcquire(now), Outcome.SUCCESS, now);
            return 1;
        };
    }

    private static CircuitBreaker<Object> counting() {
        return CircuitBreaker.builder().withFailureThreshold(50, 100).build();
    }

    private static CircuitBreaker<Object> timed() {
        return CircuitBreaker.builder()
                .withFailureRateThreshold(50, 100, Duration.ofSeconds(60))
                .build();
    }

    private static Row.Operation failsafe(CircuitBreaker<Object> breaker) {
        return () -> {
            if (!breaker.tryAcquirePermit()) {
                throw new IllegalStateException("refused");
            }
            breaker.recordSuccess();
            return 1;
        };
    }

    private static Row.Operation failsafeGet(CircuitBreaker<Object> breaker) {
        FailsafeExecutor<Object> executor = Failsafe.with(breaker);
        return () -> executor.<Integer>get(() -> 1);
    }

    private static Row.Operation netflix(Limit limit) {
        Limiter<Object> limiter = SimpleLimiter.newBuilder().limit(limit).build();
        return () -> {
            limiter.acquire("call").orElseThrow().onSuccess();
            return 1;
        };
    }

    private ClosedRows() {}
}
