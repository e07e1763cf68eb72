package dev.resilience.benchmarks;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.Timeout;
import io.github.resilience4j.timelimiter.TimeLimiter;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;

/** One call under a deadline that it keeps. */
final class DeadlineRows {
    static final String WITHOUT = "resilience.jar: the agent's guard, every call timed, without a deadline";
    static final String WITH = "resilience.jar: the same with a deadline";
    static final String ADAPTIVE = "resilience.jar: the same with an adaptive deadline";

    private static final Duration DEADLINE = Duration.ofSeconds(1);

    /** A guard whose limit adapts reads the clock for every call, whether that has a deadline or not. */
    private static final Map<String, String> TIMED = Map.of(
            "resilience.mode", "enforce",
            "resilience.defaults.breaker.strategy", "time-window",
            "resilience.defaults.limit.concurrency", "adaptive");

    static final Group GROUP = new Group(
            "Deadline: one call that keeps it",
            List.of(
                    Row.of(WITHOUT, () -> AgentGuard.succeeds(TIMED)),
                    Row.of(WITH, () -> AgentGuard.succeeds(timedWith("1s"))),
                    Row.of(ADAPTIVE, () -> AgentGuard.succeeds(timedWith("adaptive"))),
                    Row.alone("Resilience4j TimeLimiter, completed future, arms no timer", () -> {
                        TimeLimiter limiter = TimeLimiter.of(DEADLINE);
                        CompletableFuture<Integer> done = CompletableFuture.completedFuture(1);
                        return () -> limiter.executeFutureSupplier(() -> done);
                    }),
                    Row.of("Resilience4j TimeLimiter, CompletionStage + scheduler", () -> {
                        TimeLimiter limiter = TimeLimiter.of(DEADLINE);
                        ScheduledExecutorService scheduler = Ours.daemons(1);
                        Supplier<CompletableFuture<Integer>> call = () -> CompletableFuture.completedFuture(1);
                        return () -> limiter.executeCompletionStage(scheduler, call)
                                .toCompletableFuture()
                                .join();
                    }),
                    Row.of("Resilience4j TimeLimiter, call handed to a pool", () -> {
                        TimeLimiter limiter = TimeLimiter.of(DEADLINE);
                        ScheduledExecutorService pool = Ours.daemons(2);
                        return () -> limiter.executeFutureSupplier(() -> CompletableFuture.supplyAsync(() -> 1, pool));
                    }),
                    Row.of("Failsafe.with(timeout).get", () -> {
                        FailsafeExecutor<Object> executor = Failsafe.with(Timeout.of(DEADLINE));
                        return () -> executor.<Integer>get(() -> 1);
                    })));

    private static Map<String, String> timedWith(String deadline) {
        Map<String, String> settings = new HashMap<>(TIMED);
        settings.put("resilience.defaults.deadline", deadline);
        return settings;
    }

    private DeadlineRows() {}
}
