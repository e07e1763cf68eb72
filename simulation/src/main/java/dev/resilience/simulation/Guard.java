package dev.resilience.simulation;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.limit.AIMDLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limit.WindowedLimit;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Strategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

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
            "Netflix Vegas", (simulation, random) -> new Netflix(simulation, windowed(new SeededVegas(random))));
    static final Guard VEGAS_EACH = new Guard(
            "Netflix Vegas, each call", (simulation, random) -> new Netflix(simulation, new SeededVegas(random)));

    /** With the usual five seconds it would see nothing: what takes longer than this is of no use. */
    static final Guard AIMD = new Guard(
            "Netflix AIMD 500 ms",
            (simulation, random) -> new Netflix(
                    simulation,
                    AIMDLimit.newBuilder()
                            .timeout(Tally.USEFUL_NANOS, TimeUnit.NANOSECONDS)
                            .build()));

    static final Guard CONSECUTIVE =
            ours("consecutive", new Strategy.Consecutive(Strategy.Consecutive.DEFAULT_FAILURES));
    static final Guard TIME_WINDOW = ours("time-window", timeWindow(null));
    static final Guard TIME_WINDOW_TUNED = breaker(
            "time-window, slow calls, 5 s",
            timeWindow(new Strategy.SlowCalls(Duration.ofMillis(500), Strategy.SlowCalls.DEFAULT_RATE)),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5));
    static final Guard COUNT_WINDOW = ours(
            "count-window",
            new Strategy.CountWindow(
                    Strategy.CountWindow.DEFAULT_CALLS,
                    Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS,
                    Strategy.TimeWindow.DEFAULT_FAILURE_RATE));
    static final Guard EWMA = ours(
            "ewma",
            new Strategy.Ewma(
                    Strategy.Ewma.DEFAULT_ALPHA,
                    Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS,
                    Strategy.TimeWindow.DEFAULT_FAILURE_RATE));
    static final Guard TWO_DIMENSION = ours(
            "two-dimension",
            new Strategy.TwoDimension(
                    Strategy.TwoDimension.DEFAULT_FAILURE_RATE,
                    Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS,
                    Strategy.TwoDimension.DEFAULT_PERIOD,
                    Strategy.TwoDimension.DEFAULT_SHORT_PERIOD,
                    Strategy.TwoDimension.DEFAULT_SHORT_PERIOD_AFTER,
                    Strategy.TwoDimension.DEFAULT_PERIODS,
                    Strategy.TwoDimension.DEFAULT_P90,
                    Strategy.TwoDimension.DEFAULT_MAX_P90,
                    Strategy.TwoDimension.DEFAULT_P90_MARGIN));
    static final Guard SLO = breaker(
            "slo 500 ms",
            new Strategy.Slo(
                    Duration.ofNanos(Tally.USEFUL_NANOS),
                    Strategy.Slo.DEFAULT_BUDGET,
                    Strategy.Slo.DEFAULT_MINIMUM_CALLS,
                    Strategy.Slo.DEFAULT_SHORT_WINDOW,
                    Strategy.Slo.DEFAULT_LONG_WINDOW,
                    Strategy.Slo.DEFAULT_SLOTS,
                    Strategy.Slo.DEFAULT_VIOLATIONS,
                    Strategy.Slo.DEFAULT_CLIMB),
            Strategy.Slo.DEFAULT_OPEN_FOR,
            Strategy.Slo.DEFAULT_OPEN_FOR);

    static final Guard ADAPTIVE = ours("adaptive", Strategy.Adaptive.DEFAULT);
    static final Guard ADAPTIVE_ALONE = new Guard(
            "adaptive, cannot end calls",
            (simulation, random) ->
                    new Engine(BreakerConfig.of(Strategy.Adaptive.DEFAULT), false, random, simulation.now()));

    private static final int ATTEMPTS = 3;

    /** Nothing but our retries. */
    static final Guard RETRIES =
            new Guard("retries", (simulation, random) -> new Retrying(Policy.NONE, ATTEMPTS, random, simulation.now()));

    /** Our retries behind our breaker, which says whether there is room. */
    static final Guard ADAPTIVE_RETRIES = new Guard(
            "adaptive, retries",
            (simulation, random) -> new Retrying(
                    new Engine(BreakerConfig.of(Strategy.Adaptive.DEFAULT), true, random, simulation.now()),
                    ATTEMPTS,
                    random,
                    simulation.now()));

    static final List<Guard> ALL = List.of(
            BARE,
            R4J_DEFAULTS,
            R4J_TUNED,
            R4J_BULKHEAD,
            FAILSAFE,
            GRADIENT2,
            VEGAS,
            VEGAS_EACH,
            AIMD,
            CONSECUTIVE,
            TIME_WINDOW,
            TIME_WINDOW_TUNED,
            COUNT_WINDOW,
            EWMA,
            TWO_DIMENSION,
            SLO,
            ADAPTIVE_ALONE,
            ADAPTIVE);

    Policy policy(Simulation simulation, RandomGenerator random) {
        return maker.make(simulation, random);
    }

    private static Guard ours(String name, Strategy strategy) {
        return breaker(name, strategy, BreakerConfig.DEFAULT_OPEN_FOR, BreakerConfig.DEFAULT_MAX_OPEN_FOR);
    }

    /** Our breaker with this strategy and, but for the wait, with its defaults. */
    static Guard breaker(String name, Strategy strategy, Duration openFor, Duration maxOpenFor) {
        BreakerConfig config = new BreakerConfig(
                strategy,
                openFor,
                maxOpenFor,
                BreakerConfig.DEFAULT_JITTER,
                BreakerConfig.DEFAULT_PROBES,
                BreakerConfig.DEFAULT_PROBE_SUCCESS_RATE,
                BreakerConfig.DEFAULT_PROBE_TIMEOUT);
        return new Guard(name, (simulation, random) -> new Engine(config, true, random, simulation.now()));
    }

    private static Strategy timeWindow(Strategy.@Nullable SlowCalls slowCalls) {
        return new Strategy.TimeWindow(
                Strategy.TimeWindow.DEFAULT_WINDOW,
                Strategy.TimeWindow.DEFAULT_SLOTS,
                Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS,
                Strategy.TimeWindow.DEFAULT_FAILURE_RATE,
                slowCalls);
    }

    /** Fed once a second with the mean of its calls, as its documentation has it, instead of with each call. */
    private static Limit windowed(Limit limit) {
        return WindowedLimit.newBuilder().build(limit);
    }

    /** The conventional tuning: slow calls count, and the wait is short. */
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
}
