package dev.resilience.simulation;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Resilience4j's circuit breaker on virtual time, and its bulkhead in front of it if it has one. */
final class Resilience4j implements Policy {
    private final CircuitBreaker breaker;
    private final @Nullable Bulkhead bulkhead;
    private final IOException failed = new IOException("failed");
    private final TimeoutException timedOut = new TimeoutException("timed out");

    Resilience4j(Simulation simulation, CircuitBreakerConfig.Builder config, int concurrentCalls) {
        config.clock(new VirtualClock(simulation))
                .currentTimestampFunction(clock -> simulation.now(), TimeUnit.NANOSECONDS);
        this.breaker = CircuitBreaker.of("simulated", config.build());
        this.bulkhead = concurrentCalls == 0
                ? null
                : Bulkhead.of(
                        "simulated",
                        BulkheadConfig.custom()
                                .maxConcurrentCalls(concurrentCalls)
                                .maxWaitDuration(Duration.ZERO)
                                .build());
    }

    /** A permit is the time of the call's beginning. */
    @Override
    public long tryAcquire(long nowNanos) {
        if (bulkhead != null && !bulkhead.tryAcquirePermission()) {
            return REFUSED;
        }
        if (!breaker.tryAcquirePermission()) {
            if (bulkhead != null) {
                bulkhead.onComplete();
            }
            return REFUSED;
        }
        return nowNanos;
    }

    @Override
    public void settle(long permit, End end, long nowNanos) {
        if (bulkhead != null) {
            bulkhead.onComplete();
        }
        long nanos = nowNanos - permit;
        switch (end) {
            case ANSWERED -> breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
            case FAILED -> breaker.onError(nanos, TimeUnit.NANOSECONDS, failed);
            case TIMED_OUT -> breaker.onError(nanos, TimeUnit.NANOSECONDS, timedOut);
        }
    }

    private static final class VirtualClock extends Clock {
        private final Simulation simulation;

        VirtualClock(Simulation simulation) {
            this.simulation = simulation;
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochSecond(0, simulation.now());
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
