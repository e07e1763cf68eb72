package dev.resilience.benchmarks;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.time.Duration;
import java.util.function.Supplier;

/** Makes the objects of Resilience4j, with its defaults but for what is named. */
final class Resilience4j {
    static final SlidingWindowSynchronizationStrategy LOCKED = SlidingWindowSynchronizationStrategy.SYNCHRONIZED;
    static final SlidingWindowSynchronizationStrategy LOCK_FREE = SlidingWindowSynchronizationStrategy.LOCK_FREE;

    /** The last 100 calls, its default. */
    static CircuitBreaker counting(SlidingWindowSynchronizationStrategy synchronization) {
        return CircuitBreaker.of(
                "peer",
                CircuitBreakerConfig.custom()
                        .slidingWindow(100, 100, SlidingWindowType.COUNT_BASED, synchronization)
                        .build());
    }

    /** The last 60 seconds. */
    static CircuitBreaker timed(SlidingWindowSynchronizationStrategy synchronization) {
        return CircuitBreaker.of(
                "peer",
                CircuitBreakerConfig.custom()
                        .slidingWindow(60, 100, SlidingWindowType.TIME_BASED, synchronization)
                        .build());
    }

    static CircuitBreaker open(boolean stackTraces) {
        CircuitBreaker breaker = CircuitBreaker.of(
                "peer",
                CircuitBreakerConfig.custom()
                        .writableStackTraceEnabled(stackTraces)
                        .waitDurationInOpenState(Duration.ofHours(1))
                        .build());
        breaker.transitionToOpenState();
        return breaker;
    }

    static Bulkhead bulkhead(int calls) {
        return Bulkhead.of(
                "peer",
                BulkheadConfig.custom()
                        .maxConcurrentCalls(calls)
                        .maxWaitDuration(Duration.ZERO)
                        .build());
    }

    static RateLimiter rateLimiter(int calls, Duration period) {
        return RateLimiter.of(
                "peer",
                RateLimiterConfig.custom()
                        .limitForPeriod(calls)
                        .limitRefreshPeriod(period)
                        .timeoutDuration(Duration.ZERO)
                        .build());
    }

    static Row.Operation acquireAndSucceed(CircuitBreaker breaker) {
        return () -> {
            if (!breaker.tryAcquirePermission()) {
                throw new IllegalStateException("refused");
            }
            long start = breaker.getCurrentTimestamp();
            breaker.onSuccess(breaker.getCurrentTimestamp() - start, breaker.getTimestampUnit());
            return 1;
        };
    }

    static Row.Operation decorated(CircuitBreaker breaker) {
        Supplier<Integer> call = breaker.decorateSupplier(() -> 1);
        return call::get;
    }

    /** Bulkhead around rate limiter around breaker, as its documentation stacks them. */
    static Row.Operation stack() {
        Supplier<Integer> call = counting(LOCK_FREE).decorateSupplier(() -> 1);
        Supplier<Integer> limited =
                RateLimiter.decorateSupplier(rateLimiter(1_000_000_000, Duration.ofSeconds(1)), call);
        Supplier<Integer> bounded = Bulkhead.decorateSupplier(bulkhead(25), limited);
        return bounded::get;
    }

    private Resilience4j() {}
}
