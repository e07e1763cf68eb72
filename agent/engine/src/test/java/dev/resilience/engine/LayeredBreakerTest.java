package dev.resilience.engine;

import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayeredBreakerTest {
    private static final long PULSE = 100_000_000;
    private static final Layers NONE = new Layers(false, Layers.DEFAULT_MAX_EJECTION, null);
    private static final Layers OBJECTIVE = new Layers(false, Layers.DEFAULT_MAX_EJECTION, ServiceBench.SLO);

    /** All that one breaker told. */
    private static final class Told implements Breaker.Listener {
        final List<Object> told = new ArrayList<>();

        @Override
        public void transition(BreakerState from, BreakerState to, String counts) {
            told.add(from + ">" + to + " " + counts);
        }

        @Override
        public void counted(Counted counted) {
            told.add(counted.ended());
        }

        @Override
        public long timeOfDay(long nowNanos) {
            told.add("time of " + nowNanos);
            return nowNanos;
        }
    }

    static Stream<Arguments> walks() {
        return Stream.of(ServiceBench.SHORT, BreakerConfig.of(Strategy.Adaptive.DEFAULT))
                .flatMap(config -> LongStream.rangeClosed(1, 5).mapToObj(seed -> Arguments.of(config, seed)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void asksForTheTimeOfDayInstanceOrLayered(boolean isLayered) {
        BreakerConfig adaptive = BreakerConfig.of(Strategy.Adaptive.DEFAULT);
        Told told = new Told();
        Breaker breaker = Breaker.of(isLayered ? adaptive.below(NONE) : adaptive, new SplittableRandom(1), told, 0);
        breaker.settle(breaker.tryAcquire(0), SUCCESS, PULSE);
        breaker.pulse(PULSE);
        assertThat(told.told).contains("time of " + PULSE);
    }

    @ParameterizedTest
    @MethodSource("walks")
    void withoutALayerItIsTheBreakerOfItsInstance(BreakerConfig config, long seed) {
        Told toldByOne = new Told();
        Told toldByOther = new Told();
        Breaker one = Breaker.of(config, new SplittableRandom(seed), toldByOne, 0);
        Breaker other = Breaker.of(config.below(NONE), new SplittableRandom(seed), toldByOther, 0);
        assertThat(other).isInstanceOf(LayeredBreaker.class);
        assertThat(other.config()).isEqualTo(config.below(NONE));

        SplittableRandom random = new SplittableRandom(seed);
        List<Long> inFlight = new ArrayList<>();
        long now = 0;
        for (int step = 0; step < 2_000; step++) {
            now += random.nextLong(PULSE / 4);
            double failing = step / 200 % 2 * 0.8;
            int kind = random.nextInt(10);
            if (kind < 5) {
                boolean isCounted = random.nextInt(4) > 0;
                long permit = isCounted ? one.tryAcquire(now) : one.tryAcquireUncounted(now);
                assertThat(isCounted ? other.tryAcquire(now) : other.tryAcquireUncounted(now))
                        .isEqualTo(permit);
                if (!Breaker.isRefusal(permit)) {
                    inFlight.add(permit);
                }
            } else if (kind < 8 && !inFlight.isEmpty()) {
                long permit = inFlight.remove(random.nextInt(inFlight.size()));
                Outcome outcome = random.nextDouble() < failing ? FAILURE : random.nextInt(9) == 0 ? IGNORED : SUCCESS;
                one.settle(permit, outcome, now);
                other.settle(permit, outcome, now);
            } else {
                now += random.nextInt(50) == 0 ? 5 * PULSE : PULSE;
                one.pulse(now);
                other.pulse(now);
            }
            assertThat(all(other, now)).as("step %d", step).isEqualTo(all(one, now));
        }
        assertThat(toldByOther.told).isEqualTo(toldByOne.told).isNotEmpty();
    }

    private static List<Object> all(Breaker breaker, long now) {
        List<Object> all = new ArrayList<>(List.of(
                breaker.state(),
                breaker.isHot(),
                breaker.isStill(),
                breaker.isAtRest(),
                breaker.retryAfterNanos(now),
                breaker.limit(),
                breaker.inFlight(),
                breaker.tally(),
                breaker.counts(),
                breaker.isSpared()));
        all.add(breaker.stall(now));
        return all;
    }

    @Test
    void aHotOneTakesUntimedCalls() {
        LayeredBreaker breaker = layered(BreakerConfig.of(Strategy.Adaptive.DEFAULT), NONE);
        makeHot(breaker);
        assertThat(breaker.isHot()).isTrue();
        long now = 5 * PULSE;
        breaker.settle(breaker.tryAcquire(now), FAILURE, now);
        assertThat(breaker.isHealthy()).isFalse();

        long permit = breaker.tryAcquireUntimed();
        assertThat(breaker.inFlight()).isEqualTo(1);
        breaker.settleUntimed(permit);
        assertThat(breaker.inFlight()).isZero();
        assertThat(breaker.isHealthy()).isTrue();
    }

    @Test
    void withAnObjectiveEachCallIsTimed() {
        LayeredBreaker breaker = layered(BreakerConfig.of(Strategy.Adaptive.DEFAULT), OBJECTIVE);
        makeHot(breaker);
        assertThat(breaker.isHot()).isFalse();
    }

    private static void makeHot(Breaker breaker) {
        for (long now = PULSE; now < 5 * PULSE; now += PULSE) {
            for (int call = 0; call < 12_000; call++) {
                breaker.settle(breaker.tryAcquire(now), SUCCESS, now);
            }
            breaker.pulse(now);
        }
    }

    @Test
    void restsOnceItsObjectiveDoesToo() {
        LayeredBreaker breaker = layered(ServiceBench.SHORT, OBJECTIVE);
        assertRest(breaker, true);
        breaker.settle(breaker.tryAcquire(1), SUCCESS, 1);
        assertRest(breaker, false);
        pulses(breaker);
        assertRest(breaker, true);

        breaker.settle(breaker.tryAcquire(200 * PULSE), FAILURE, 200 * PULSE);
        pulses(breaker);
        assertRest(breaker, false);
    }

    /** Longer than the objective's window. */
    private static void pulses(Breaker breaker) {
        for (int pulse = 200; pulse < 320; pulse++) {
            breaker.pulse(pulse * PULSE);
        }
    }

    private static void assertRest(Breaker breaker, boolean rests) {
        assertThat(breaker.isStill()).as("still").isEqualTo(rests);
        assertThat(breaker.isAtRest()).as("at rest").isEqualTo(rests);
    }

    private static LayeredBreaker layered(BreakerConfig config, Layers layers) {
        return (LayeredBreaker) Breaker.of(config.below(layers), new SplittableRandom(1), new Told(), 0);
    }
}
