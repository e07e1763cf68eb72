package com.example.service;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.time.Duration;

/** Resilience4j's breaker around each attempt, as its documentation writes it by hand. */
final class Resilience4j {
    private Resilience4j() {}

    static Guard defaults(String dependency) {
        return CircuitBreaker.ofDefaults(dependency)::executeCallable;
    }

    /** Tuned for this service: an answer later than 500 ms is of no use to anybody. */
    static Guard tuned(String dependency) {
        CircuitBreakerConfig config = CircuitBreakerConfig.custom()
                .failureRateThreshold(50)
                .slowCallRateThreshold(50)
                .slowCallDurationThreshold(Duration.ofMillis(500))
                .slidingWindowType(SlidingWindowType.COUNT_BASED)
                .slidingWindowSize(100)
                .minimumNumberOfCalls(20)
                .waitDurationInOpenState(Duration.ofSeconds(5))
                .permittedNumberOfCallsInHalfOpenState(10)
                .build();
        return CircuitBreaker.of(dependency, config)::executeCallable;
    }
}
