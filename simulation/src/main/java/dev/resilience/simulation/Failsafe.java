package dev.resilience.simulation;

import dev.failsafe.CircuitBreaker;
import java.time.Duration;

/**
 * Failsafe's circuit breaker with a count of calls, in the manner of the tuned Resilience4j. It reads its own clock for the wait
 * only, and has none to set, so its wait here is endless and the end of it is told from outside.
 */
final class Failsafe implements Policy {
    private static final long WAIT_NANOS = 5_000_000_000L;
    private static final Duration ENDLESS = Duration.ofDays(365);

    private final CircuitBreaker<Object> breaker;
    private long openSince;

    Failsafe() {
        CircuitBreaker<Object> made = CircuitBreaker.builder()
                .withFailureThreshold(50, 100)
                .withSuccessThreshold(5, 10)
                .withDelay(ENDLESS)
                .build();
        this.breaker = made;
    }

    @Override
    public long tryAcquire(long nowNanos) {
        if (breaker.isOpen() && nowNanos - openSince >= WAIT_NANOS) {
            breaker.halfOpen();
        }
        return breaker.tryAcquirePermit() ? 0 : REFUSED;
    }

    @Override
    public void settle(long permit, End end, long nowNanos) {
        boolean wasOpen = breaker.isOpen();
        if (end == End.ANSWERED) {
            breaker.recordSuccess();
        } else {
            breaker.recordFailure();
        }
        if (!wasOpen && breaker.isOpen()) {
            openSince = nowNanos;
        }
    }
}
