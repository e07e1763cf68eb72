package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A random walk beside a list of all calls; a failure names the walk and the seed that replay it. */
class AdaptiveModelTest {
    private static final int STEPS = 3_000;
    private static final long MILLI = 1_000_000;
    private static final long PULSE = 100 * MILLI;

    static Stream<Arguments> walks() {
        List<Strategy.Adaptive> strategies = List.of(
                Strategy.Adaptive.DEFAULT,
                new Strategy.Adaptive(true, false, 2, 10_000),
                new Strategy.Adaptive(false, true, 2, 10_000),
                new Strategy.Adaptive(true, true, 1, 2),
                new Strategy.Adaptive(true, true, 10, 40));
        // in 46 a pulse learns patience and uses it at once, in 108 a call begins when its permit cannot say so
        return strategies.stream()
                .flatMap(strategy -> LongStream.concat(LongStream.rangeClosed(1, 20), LongStream.of(46, 108))
                        .mapToObj(seed -> Arguments.of(strategy, seed)));
    }

    @ParameterizedTest(name = "{0}, seed {1}")
    @MethodSource("walks")
    void agreesWithAListOfCallsAndClosesFromEveryState(Strategy.Adaptive strategy, long seed) {
        Walk walk = new Walk(strategy, seed);
        for (walk.step = 0; walk.step < STEPS; walk.step++) {
            try {
                walk.on();
            } catch (AssertionError e) {
                throw new AssertionError("step " + walk.step + ": " + e.getMessage(), e);
            }
        }
    }

    private static final class Walk {
        private final Strategy.Adaptive strategy;
        private final SplittableRandom random;
        private final AdaptiveBench bench;
        private final NaiveAdaptive model;
        private int step;
        private double failing = 0.1;
        private double pulsing = 1;

        Walk(Strategy.Adaptive strategy, long seed) {
            this.strategy = strategy;
            random = new SplittableRandom(seed);
            // around the origin of the clock, and where it wraps
            long start = (seed % 3 - 1) * (Long.MAX_VALUE - 1_000_000_000_000L * (seed % 2));
            bench = new AdaptiveBench(strategy, seed, start);
            model = new NaiveAdaptive(bench.breaker, start);
        }

        void on() {
            if (random.nextInt(100) == 0) {
                failing = random.nextDouble();
                pulsing = random.nextInt(4) == 0 ? 0 : 1;
            }
            switch (random.nextInt(20)) {
                case 0, 1, 2, 3, 4, 5, 6 -> acquire(true);
                case 7 -> acquire(false);
                case 8, 9, 10, 11, 12, 13 -> settleAny();
                case 14, 15, 16, 17, 18 -> pass(random.nextLong(2 * PULSE));
                default -> seldom();
            }
        }

        private void seldom() {
            switch (random.nextInt(12)) {
                case 0 -> bench.now += random.nextLong(10_000 * MILLI);
                case 1 -> bench.now -= random.nextLong(10_000 * MILLI);
                case 2 -> stall();
                case 3, 4 -> burst(random.nextInt(60));
                case 5 -> {
                    if (random.nextInt(4) == 0) {
                        wrap();
                    }
                }
                case 6, 7 -> succeedUntilClosed();
                default -> pass(random.nextLong(3_000 * MILLI));
            }
        }

        private NaiveAdaptive.@Nullable Call acquire(boolean isCounted) {
            NaiveAdaptive.Call call = model.acquire(isCounted, bench.now);
            agree();
            return call;
        }

        private void settle(NaiveAdaptive.Call call, Outcome outcome) {
            model.settle(call, outcome, bench.now);
            agree();
        }

        private void settleAny() {
            if (!model.calls.isEmpty() && !model.isNumberedAsClosed()) {
                Outcome outcome = random.nextDouble() < failing ? FAILURE : SUCCESS;
                int recent = Math.min(20, model.calls.size());
                settle(
                        model.calls.get(model.calls.size() - 1 - random.nextInt(recent)),
                        random.nextInt(15) == 0 ? IGNORED : outcome);
            }
        }

        private void burst(int times) {
            for (int i = 0; i < times; i++) {
                acquire(true);
            }
            for (int i = random.nextInt(times + 1); i > 0; i--) {
                settleAny();
            }
        }

        /** With pulses as in life, unless they may be left out, or nobody makes any. */
        private void pass(long nanos) {
            long end = bench.now + nanos;
            while (end - bench.now > 0) {
                bench.now += Math.min(end - bench.now, random.nextLong(PULSE / 2, PULSE + PULSE / 2));
                pulse();
            }
        }

        private void pulse() {
            boolean mayBeLeftOut = bench.breaker.isStill() && random.nextBoolean();
            if (!mayBeLeftOut && pulsing > 0) {
                model.pulse(bench.now);
                agree();
            }
        }

        private void agree() {
            model.check();
            assertThat(bench.transitions).hasSameSizeAs(model.transitions);
            if (!model.transitions.isEmpty()) {
                int last = model.transitions.size() - 1;
                assertThat(bench.transitions.get(last)).isEqualTo(model.transitions.get(last));
            }
        }

        /** Nobody pulses for five seconds. Whatever it was doing, it does not refuse all calls for that long. */
        private void stall() {
            model.pulse(bench.now);
            int admitted = 0;
            for (int i = 0; i < 50; i++) {
                bench.now += PULSE;
                NaiveAdaptive.Call call = acquire(true);
                admitted += call == null ? 0 : 1;
                if (call != null && random.nextBoolean()) {
                    settle(call, random.nextDouble() < failing ? FAILURE : SUCCESS);
                }
            }
            boolean isFull = model.inFlight() >= strategy.maxLimit();
            assertThat(admitted > 0 || isFull)
                    .as("admits in five seconds without a pulse")
                    .isTrue();
        }

        /** Nearly as many generations as there are numbers for them, and on from there. */
        private void wrap() {
            for (int i = 0; i < 100; i++) {
                NaiveAdaptive.Call call = acquire(true);
                if (call != null) {
                    settle(call, FAILURE);
                }
            }
            for (int i = 4_000 + random.nextInt(90); i > 0 && bench.breaker.state() == OPEN; i--) {
                NaiveAdaptive.Call probe = acquire(true);
                if (probe == null) {
                    pass(PULSE);
                } else {
                    settle(probe, IGNORED);
                }
            }
        }

        private void succeedUntilClosed() {
            for (int i = 0; i < 50 && bench.breaker.state() != CLOSED; i++) {
                bench.now += PULSE;
                model.pulse(bench.now);
                agree();
                NaiveAdaptive.Call call = acquire(true);
                if (call != null) {
                    bench.now += MILLI;
                    settle(call, SUCCESS);
                }
            }
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        }
    }
}
