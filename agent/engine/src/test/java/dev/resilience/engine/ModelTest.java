package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A random walk beside the obvious implementation; a failure names the walk and the seed that replay it. */
class ModelTest {
    private static final int STEPS = 3_000;

    private record Admitted(long permit, NaiveBreaker.Call call) {}

    static Stream<Arguments> walks() {
        List<Strategy> strategies = List.of(
                new Strategy.Consecutive(5),
                new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.5),
                new Strategy.TimeWindow(Duration.ofSeconds(1), 1, 5, 0.29),
                new Strategy.TimeWindow(Duration.ofSeconds(60), 7, 10, 0.07),
                new Strategy.CountWindow(20, 20, 0.5),
                new Strategy.CountWindow(100, 10, 0.3),
                new Strategy.TimeWindow(
                        Duration.ofSeconds(5), 5, 10, 0.5, new Strategy.SlowCalls(Duration.ofMillis(300), 0.4)),
                new Strategy.CountWindow(30, 10, 0.6, new Strategy.SlowCalls(Duration.ofMillis(300), 0.4)),
                new Strategy.Ewma(0.2, 20, 0.5),
                new Strategy.Ewma(0.07, 5, 0.3),
                new Strategy.TwoDimension(
                        0.2,
                        5,
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(1),
                        2,
                        2,
                        Duration.ofMillis(200),
                        Duration.ofMillis(400),
                        0.2),
                new Strategy.Slo(
                        Duration.ofMillis(300),
                        0.2,
                        5,
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(5),
                        10,
                        3,
                        Duration.ofMillis(120)));
        return strategies.stream()
                .flatMap(strategy ->
                        Stream.iterate(1L, seed -> seed + 1).limit(30).map(seed -> Arguments.of(strategy, seed)));
    }

    @ParameterizedTest(name = "{0}, seed {1}")
    @MethodSource("walks")
    void agreesWithAListOfEventsAndComesBackFromEveryState(Strategy strategy, long seed) {
        Random random = new Random(seed);
        BreakerConfig config = new BreakerConfig(
                strategy,
                Duration.ofSeconds(3),
                Duration.ofSeconds(10),
                0,
                1 + random.nextInt(8),
                0.25 * (1 + random.nextInt(4)),
                Duration.ofSeconds(2));
        Bench bench = new Bench(config, random.nextLong());
        NaiveBreaker model = new NaiveBreaker(config, bench.now);
        List<Admitted> out = new ArrayList<>();
        double failing = 0.1;

        for (int step = 0; step < STEPS; step++) {
            if (random.nextInt(100) == 0) {
                failing = random.nextDouble();
            }
            bench.now += random.nextInt(20_000_000);
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    Admitted admitted = new Admitted(bench.acquire(), model.tryAcquire(bench.now));
                    assertThat(admitted.permit == Breaker.REFUSED)
                            .as("step %d", step)
                            .isEqualTo(admitted.call.position < 0);
                    out.add(admitted);
                }
                case 3, 4, 5 -> {
                    if (!out.isEmpty()) {
                        Admitted one = out.remove(random.nextInt(Math.min(20, out.size())));
                        Outcome outcome = random.nextInt(10) == 0
                                ? Outcome.IGNORED
                                : random.nextDouble() < failing ? Outcome.FAILURE : Outcome.SUCCESS;
                        bench.settle(one.permit, outcome);
                        model.settle(one.call, outcome, bench.now);
                    }
                }
                case 6 -> {
                    bench.pulse();
                    model.pulse(bench.now);
                }
                default -> {
                    if (random.nextInt(30) == 0) {
                        bench.now += (long) (random.nextDouble() * 15_000_000_000L);
                    }
                }
            }
            assertThat(bench.breaker.state()).as("step %d", step).isEqualTo(model.state);
            assertThat(bench.transitions).as("step %d", step).hasSize(model.position);
            if (strategy instanceof Strategy.TimeWindow && model.state == BreakerState.CLOSED) {
                assertThat(bench.breaker.counts()).as("step %d", step).startsWith(model.counts());
            }
        }

        long wait = bench.breaker.retryAfterNanos(bench.now) / 1_000_000_000;
        boolean halfOpenFailsOnce = bench.breaker.state() == BreakerState.HALF_OPEN;
        // probes already lost by the walk may fail the attempt under way; the one after it is all successes
        long patience = wait + 5 + (halfOpenFailsOnce ? config.maxOpenFor().toSeconds() : 0);
        assertThat(bench.secondsToClose(600)).isLessThanOrEqualTo(patience);
    }
}
