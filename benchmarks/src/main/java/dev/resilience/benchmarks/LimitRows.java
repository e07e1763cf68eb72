package dev.resilience.benchmarks;

import dev.failsafe.Bulkhead;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.ConcurrencyLimit;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.Strategy;
import java.util.List;

/** One call through a concurrency limit that does not learn. */
final class LimitRows {
    static final Group GROUP = new Group(
            "Concurrency limit: one call that has room",
            List.of(
                    Row.of("resilience.jar: so many at once", () -> {
                        ConcurrencyLimit limit = new ConcurrencyLimit(25);
                        return () -> {
                            if (limit.tryEnter()) {
                                limit.exit();
                            }
                            return 1;
                        };
                    }),
                    Row.of("resilience.jar: adaptive as a limit only, told the time", () -> {
                        Breaker limit = Ours.breaker(new Strategy.Adaptive(false, true, 25, 25));
                        return () -> {
                            long now = Ours.pulseTime;
                            limit.settle(limit.tryAcquire(now), Outcome.SUCCESS, now);
                            return 1;
                        };
                    }),
                    Row.of("Resilience4j bulkhead", () -> {
                        io.github.resilience4j.bulkhead.Bulkhead bulkhead = Resilience4j.bulkhead(25);
                        return () -> {
                            if (bulkhead.tryAcquirePermission()) {
                                bulkhead.onComplete();
                            }
                            return 1;
                        };
                    }),
                    Row.of("Failsafe bulkhead", () -> {
                        Bulkhead<Object> bulkhead = Bulkhead.of(25);
                        return () -> {
                            if (bulkhead.tryAcquirePermit()) {
                                bulkhead.releasePermit();
                            }
                            return 1;
                        };
                    })));

    private LimitRows() {}
}
