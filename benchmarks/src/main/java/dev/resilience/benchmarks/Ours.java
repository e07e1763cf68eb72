package dev.resilience.benchmarks;

import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Layers;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.RateConfig;
import dev.resilience.engine.RateLimit;
import dev.resilience.engine.Service;
import dev.resilience.engine.Strategy;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Makes our own objects as the agent makes them, pulsed ten times a second as the agent pulses them. */
final class Ours {
    static final Strategy CONSECUTIVE = new Strategy.Consecutive(5);
    static final Strategy TIME_WINDOW = new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.5);
    static final Strategy COUNT_WINDOW = new Strategy.CountWindow(100, 20, 0.5);

    static final Strategy EWMA = new Strategy.Ewma(0.2, 20, 0.5);
    static final Strategy TWO_DIMENSION = new Strategy.TwoDimension(
            0.2,
            20,
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            2,
            3,
            Duration.ofMillis(800),
            Duration.ofMillis(1500),
            0.2);
    static final Strategy SLO = new Strategy.Slo(
            Duration.ofMillis(800),
            0.001,
            1000,
            Duration.ofSeconds(30),
            Duration.ofMinutes(5),
            300,
            3,
            Duration.ofMillis(120));

    static final Strategy ADAPTIVE = Strategy.Adaptive.DEFAULT;
    static final Strategy ADAPTIVE_WITHOUT_LIMIT = new Strategy.Adaptive(
            true, false, Strategy.Adaptive.DEFAULT_MIN_LIMIT, Strategy.Adaptive.DEFAULT_MAX_LIMIT);

    /** When the pulse last came, for what is measured without a clock of its own. */
    static volatile long pulseTime = System.nanoTime();

    static Breaker breaker(Strategy strategy) {
        return pulsed(Breaker.of(config(strategy), random(), (from, to, counts) -> {}, System.nanoTime()));
    }

    /** An instance of a service, with an objective beside it if there is one. */
    static Breaker instance(Strategy strategy, @Nullable Strategy objective) {
        Layers layers = new Layers(true, Layers.DEFAULT_MAX_EJECTION, objective == null ? null : config(objective));
        return pulsed(new Service(layers).add(config(strategy), random(), (from, to, counts) -> {}, System.nanoTime()));
    }

    private static Breaker pulsed(Breaker breaker) {
        pulse(breaker::pulse);
        return breaker;
    }

    private static BreakerConfig config(Strategy strategy) {
        return new BreakerConfig(strategy, Duration.ofHours(1), Duration.ofHours(1), 0, 10, 0.9, Duration.ofSeconds(2));
    }

    private static RandomGenerator random() {
        return () -> ThreadLocalRandom.current().nextLong();
    }

    /** It stays open for longer than anybody measures. */
    static Breaker openBreaker(Strategy strategy) {
        Breaker breaker = breaker(strategy);
        while (breaker.state() == BreakerState.CLOSED) {
            breaker.settle(breaker.tryAcquire(System.nanoTime()), Outcome.FAILURE, System.nanoTime());
        }
        return breaker;
    }

    /** As high a rate as there can be. */
    static RateLimit rateLimit() {
        return new RateLimit(new RateConfig(1_000_000, RateConfig.SECOND, 1_000_000), hurried(System.nanoTime()));
    }

    /** A clock on which 64 seconds pass in one: a thread that does nothing else asks for more than the highest rate. */
    static long hurried(long nanos) {
        return nanos << 6;
    }

    private static void pulse(LongConsumer pulsed) {
        Runnable pulse = () -> {
            pulseTime = System.nanoTime();
            pulsed.accept(pulseTime);
        };
        ScheduledFuture<?> pulsing = daemons(1).scheduleAtFixedRate(pulse, 100, 100, TimeUnit.MILLISECONDS);
        if (pulsing.isDone()) {
            throw new IllegalStateException("nobody pulses");
        }
    }

    static ScheduledExecutorService daemons(int threads) {
        return Executors.newScheduledThreadPool(threads, task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
    }

    private Ours() {}
}
