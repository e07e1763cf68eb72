package dev.resilience.benchmarks;

import dev.failsafe.RateLimiter;
import dev.resilience.engine.RateConfig;
import dev.resilience.engine.RateLimit;
import io.github.bucket4j.Bucket;
import java.time.Duration;
import java.util.List;

/** One call through a rate limiter, with tokens and without. */
final class RateRows {
    private static final int BILLION = 1_000_000_000;
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration HOUR = Duration.ofHours(1);

    static final Group PASS = new Group(
            "Rate limit: one call that has a token",
            List.of(
                    Row.of("resilience.jar: rate limit", () -> {
                        RateLimit limit = Ours.rateLimit();
                        return () -> limit.tryAcquire(Ours.hurried(System.nanoTime()));
                    }),
                    Row.of("Resilience4j rate limiter", () -> resilience4j(BILLION, SECOND)),
                    Row.of("Failsafe rate limiter, smooth", () -> failsafe(BILLION, SECOND)),
                    Row.of("Guava RateLimiter", () -> guava(BILLION)),
                    Row.of("Bucket4j, local", () -> bucket4j(BILLION, SECOND))));

    static final Group EMPTY = new Group(
            "Rate limit: one refusal",
            List.of(
                    Row.of("resilience.jar: rate limit, empty", () -> {
                        RateLimit limit = new RateLimit(new RateConfig(1, RateConfig.MINUTE, 1), System.nanoTime());
                        return () -> limit.tryAcquire(System.nanoTime());
                    }),
                    Row.of("Resilience4j rate limiter, empty", () -> resilience4j(1, HOUR)),
                    Row.of("Failsafe rate limiter, empty", () -> failsafe(1, HOUR)),
                    Row.of("Guava RateLimiter, empty", () -> guava(1.0 / HOUR.toSeconds())),
                    Row.of("Bucket4j, empty", () -> bucket4j(1, HOUR))));

    private static Row.Operation resilience4j(int calls, Duration period) {
        io.github.resilience4j.ratelimiter.RateLimiter limiter = Resilience4j.rateLimiter(calls, period);
        return () -> limiter.acquirePermission();
    }

    private static Row.Operation failsafe(int calls, Duration period) {
        RateLimiter<Object> limiter = RateLimiter.smoothBuilder(calls, period).build();
        return () -> limiter.tryAcquirePermit();
    }

    @SuppressWarnings("UnstableApiUsage") // it is what people use
    private static Row.Operation guava(double perSecond) {
        com.google.common.util.concurrent.RateLimiter limiter =
                com.google.common.util.concurrent.RateLimiter.create(perSecond);
        return () -> limiter.tryAcquire();
    }

    private static Row.Operation bucket4j(int calls, Duration period) {
        Bucket bucket = Bucket.builder()
                .addLimit(limit -> limit.capacity(calls).refillGreedy(calls, period))
                .build();
        return () -> bucket.tryConsume(1);
    }

    private RateRows() {}
}
