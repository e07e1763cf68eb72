package dev.resilience.simulation;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.limit.AIMDLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limit.VegasLimit;
import com.netflix.concurrency.limits.limit.WindowedLimit;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Strategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/** A kind of policy, by the name it has in the report. */
record Guard(String name, Maker maker) {
    /** Makes the policy of one dependency in one service. */
    interface Maker {
        Policy make(Simulation simulation, RandomGenerator random);
    }

    static final Guard BARE = new Guard("bare", (simulation, random) -> Policy.NONE);

    static final Guard R4J_DEFAULTS = new Guard(
            "r4j breaker, defaults",
            (simulation, random) -> new Resilience4j(simulation, CircuitBreakerConfig.custom(), 0));
    static final Guard R4J_TUNED =
            new Guard("r4j breaker, tuned", (simulation, random) -> new Resilience4j(simulation, tuned(), 0));
    static final Guard R4J_BULKHEAD =
            new Guard("r4j tuned + bulkhead 25", (simulation, random) -> new Resilience4j(simulation, tuned(), 25));

    static final Guard FAILSAFE = new Guard("Failsafe breaker", (simulation, random) -> new Failsafe());

    static final Guard GRADIENT2 = new Guard(
            "Netflix Gradient2",
            (simulation, random) -> new Netflix(simulation, windowed(Gradient2Limit.newDefault())));
    static final Guard VEGAS = new Guard(
            "Netflix Vegas", (simulation, random) -> new Netflix(simulation, windowed(VegasLimit.newDefault())));
    static final Guard AIMD = new Guard(
            "Netflix AIMD",
            (simulation, random) ->
                    new Netflix(simulation, windowed(AIMDLimit.newBuilder().build())));

    static final Guard GRADIENT2_EACH = new Guard(
            "Netflix Gradient2, each call",
            (simulation, random) -> new Netflix(simulation, Gradient2Limit.newDefault()));
    static final Guard VEGAS_EACH = new Guard(
            "Netflix Vegas, each call", (simulation, random) -> new Netflix(simulation, VegasLimit.newDefault()));
    static final Guard AIMD_EACH = new Guard(
            "Netflix AIMD, each call",
            (simulation, random) ->
                    new Netflix(simulation, AIMDLimit.newBuilder().build()));

    static final Guard CONSECUTIVE =
            ours("consecutive", new Strategy.Consecutive(Strategy.Consecutive.DEFAULT_FAILURES));
    static final Guard TIME_WINDOW = ours(
            "time-window",
            new Strategy.TimeWindow(
                    Strategy.TimeWindow.DEFAULT_WINDOW,
                    Strategy.TimeWindow.DEFAULT_SLOTS,
                    Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS,
                    Strategy.TimeWindow.DEFAULT_FAILURE_RATE));
    static final Guard COUNT_WINDOW = ours(
            "count-window",
            new Strategy.CountWindow(
                    Strategy.CountWindow.DEFAULT_CALLS,
                    Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS,
                    Strategy.TimeWindow.DEFAULT_FAILURE_RATE));

    static final List<Guard> OURS = List.of(CONSECUTIVE, TIME_WINDOW, COUNT_WINDOW);

    static final List<Guard> ALL = List.of(
            BARE,
            R4J_DEFAULTS,
            R4J_TUNED,
            R4J_BULKHEAD,
            FAILSAFE,
            GRADIENT2,
            VEGAS,
            AIMD,
            GRADIENT2_EACH,
            VEGAS_EACH,
            AIMD_EACH,
            CONSECUTIVE,
            TIME_WINDOW,
            COUNT_WINDOW);

    Policy policy(Simulation simulation, RandomGenerator random) {
        return maker.make(simulation, random);
    }

    private static Guard ours(String name, Strategy strategy) {
        BreakerConfig config = new BreakerConfig(
                strategy,
                BreakerConfig.DEFAULT_OPEN_FOR,
                BreakerConfig.DEFAULT_MAX_OPEN_FOR,
                BreakerConfig.DEFAULT_JITTER,
                BreakerConfig.DEFAULT_PROBES,
                BreakerConfig.DEFAULT_PROBE_SUCCESS_RATE,
                BreakerConfig.DEFAULT_PROBE_TIMEOUT);
        return new Guard(name, (simulation, random) -> new Engine(config, random, simulation.now()));
    }

    /** Fed once a second with the mean of its calls, as its documentation has it, instead of with each call. */
    private static Limit windowed(Limit limit) {
        return WindowedLimit.newBuilder().build(limit);
    }

    /** What its documentation and its users' examples come to: slow calls count, and the wait is short. */
    private static CircuitBreakerConfig.Builder tuned() {
        return CircuitBreakerConfig.custom()
                .slowCallDurationThreshold(Duration.ofMillis(500))
                .slowCallRateThreshold(50)
                .failureRateThreshold(50)
                .slidingWindowSize(100)
                .minimumNumberOfCalls(20)
                .waitDurationInOpenState(Duration.ofSeconds(5))
                .permittedNumberOfCallsInHalfOpenState(10);
    }

    /** Vegas spreads its probes by this thread's random numbers, so a run that can be repeated has to set them. */
    static void seedPeers(long seed) {
        ThreadLocalRandom.current();
        try {
            Field field = Thread.class.getDeclaredField("threadLocalRandomSeed");
            field.setAccessible(true);
            field.setLong(Thread.currentThread(), seed);
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new IllegalStateException("wants --add-opens java.base/java.lang=ALL-UNNAMED", e);
        }
    }
}
