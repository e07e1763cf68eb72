package dev.resilience.benchmarks;

import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limit.FixedLimit;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import dev.failsafe.CircuitBreaker;
import dev.failsafe.CircuitBreakerOpenException;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.javahttp.RefusedRequest;
import dev.resilience.instrumentation.jdbc.RefusedStatement;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** One call that an open breaker, or a full limit, does not let through. */
final class RefusalRows {
    static final String OPEN = "resilience.jar: open, told the time";
    static final String HTTP = "resilience.jar: java.net.http, IOException";
    static final String JDBC = "resilience.jar: JDBC, SQLTransientException";

    static final Group BARE = new Group(
            "Open or full: one refusal",
            List.of(
                    Row.of(OPEN, () -> {
                        Breaker breaker = Ours.openBreaker(Ours.TIME_WINDOW);
                        return () -> breaker.tryAcquire(Ours.pulseTime) == Breaker.REFUSED ? 1 : admitted();
                    }),
                    Row.of("resilience.jar: open, reads the clock", () -> {
                        Breaker breaker = Ours.openBreaker(Ours.TIME_WINDOW);
                        return () -> breaker.tryAcquire(System.nanoTime()) == Breaker.REFUSED ? 1 : admitted();
                    }),
                    Row.of("resilience.jar: adaptive, full, told the time", () -> {
                        Breaker breaker = Ours.breaker(new Strategy.Adaptive(false, true, 1, 1));
                        Object held = breaker.tryAcquire(Ours.pulseTime);
                        return () -> breaker.tryAcquire(Ours.pulseTime) == Breaker.LIMITED ? held : admitted();
                    }),
                    Row.of("Resilience4j tryAcquirePermission", () -> {
                        io.github.resilience4j.circuitbreaker.CircuitBreaker breaker = Resilience4j.open(true);
                        return () -> breaker.tryAcquirePermission() ? admitted() : 1;
                    }),
                    Row.of("Failsafe tryAcquirePermit", () -> {
                        CircuitBreaker<Object> breaker = failsafe();
                        return () -> breaker.tryAcquirePermit() ? admitted() : 1;
                    }),
                    Row.of("Netflix limiter, full", () -> {
                        Limiter<Object> limiter = SimpleLimiter.newBuilder()
                                .limit(FixedLimit.of(1))
                                .build();
                        Object held = limiter.acquire("first").orElseThrow();
                        return () -> limiter.acquire("call").isPresent() ? admitted() : held;
                    }),
                    Row.of("Resilience4j bulkhead, full", () -> {
                        Bulkhead bulkhead = Resilience4j.bulkhead(1);
                        bulkhead.acquirePermission();
                        return () -> bulkhead.tryAcquirePermission() ? admitted() : 1;
                    })));

    static final Group THROWN = new Group(
            "The same as the caller sees it: an exception, thrown and caught",
            List.of(
                    Row.of(HTTP, () -> AgentGuard.refuses(RefusedRequest::exception)),
                    Row.of(JDBC, () -> AgentGuard.refuses(RefusedStatement::exception)),
                    Row.of(
                            "resilience.jar: gRPC, StatusRuntimeException as stubs make it",
                            () -> AgentGuard.refuses(refusal -> Status.UNAVAILABLE
                                    .withDescription(refusal.message())
                                    .asRuntimeException(new Metadata()))),
                    Row.of("gRPC itself: the same of a Status that is there", () -> {
                        Status made = Status.UNAVAILABLE.withDescription("refused by the peer");
                        return () -> {
                            try {
                                throw made.asRuntimeException(new Metadata());
                            } catch (StatusRuntimeException e) {
                                return e;
                            }
                        };
                    }),
                    Row.of(
                            "resilience.jar: java.net.http, all that the adapter does for a refused send",
                            AgentGuard::refusesRequest),
                    Row.of("Resilience4j decorateSupplier, CallNotPermittedException", () -> resilience4j(true)),
                    Row.of("Resilience4j decorateSupplier, writableStackTraceEnabled=false", () -> resilience4j(false)),
                    Row.of("Failsafe get, CircuitBreakerOpenException", () -> {
                        FailsafeExecutor<Object> executor = Failsafe.with(failsafe());
                        return () -> {
                            try {
                                return executor.<Integer>get(() -> admitted());
                            } catch (CircuitBreakerOpenException e) {
                                return e;
                            }
                        };
                    }),
                    Row.of("Sentinel entry, DegradeException", Sentinel::refusal)));

    private static Row.Operation resilience4j(boolean stackTraces) {
        Supplier<Integer> call = Resilience4j.open(stackTraces).decorateSupplier(() -> admitted());
        return () -> {
            try {
                return call.get();
            } catch (CallNotPermittedException e) {
                return e;
            }
        };
    }

    private static CircuitBreaker<Object> failsafe() {
        CircuitBreaker<Object> breaker =
                CircuitBreaker.builder().withDelay(Duration.ofHours(1)).build();
        breaker.open();
        return breaker;
    }

    private static int admitted() {
        throw new IllegalStateException("admitted: not what was to be measured");
    }

    private RefusalRows() {}
}
