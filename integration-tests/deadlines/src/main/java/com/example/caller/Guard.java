package com.example.caller;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.Timeout;
import io.github.resilience4j.timelimiter.TimeLimiter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What a program writes around its calls, so that they end in time. */
interface Guard {
    <T> void call(Callable<T> call) throws Exception;

    /** Whether nothing is written: then each call of a library ends, or does not, by itself. */
    boolean isNothing();

    static Guard of(String name, Duration deadline) {
        return switch (name) {
            case "nothing" -> new Nothing();
            case "failsafe" -> new Interrupted(deadline);
            case "resilience4j" -> new HandedOver(deadline);
            default -> throw new IllegalArgumentException("no such guard: " + name);
        };
    }

    /** The call alone. */
    final class Nothing implements Guard {
        @Override
        public <T> void call(Callable<T> call) throws Exception {
            call.call();
        }

        @Override
        public boolean isNothing() {
            return true;
        }
    }

    /** Failsafe's Timeout with interrupt: the call stays on its thread, which is interrupted. */
    final class Interrupted implements Guard {
        private final FailsafeExecutor<Object> executor;

        Interrupted(Duration deadline) {
            executor = Failsafe.with(Timeout.builder(deadline).withInterrupt().build());
        }

        @Override
        public <T> void call(Callable<T> call) {
            executor.run(call::call);
        }

        @Override
        public boolean isNothing() {
            return false;
        }
    }

    /** Resilience4j's TimeLimiter: the call goes to another thread, whose future is cancelled with interrupt. */
    final class HandedOver implements Guard {
        private final TimeLimiter limiter;
        private final ExecutorService executor = Executors.newCachedThreadPool();

        HandedOver(Duration deadline) {
            limiter = TimeLimiter.of(deadline);
        }

        @Override
        public <T> void call(Callable<T> call) throws Exception {
            limiter.executeFutureSupplier(() -> executor.submit(call));
        }

        @Override
        public boolean isNothing() {
            return false;
        }
    }
}
