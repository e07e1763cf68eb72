package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.HALF_OPEN;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.SUCCESS;
import static dev.resilience.engine.ServiceBench.SHORT;
import static dev.resilience.engine.ServiceBench.SLO;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceTest {
    private static final BreakerConfig ADAPTIVE = BreakerConfig.of(Strategy.Adaptive.DEFAULT);

    private static ServiceBench of(int instances) {
        return new ServiceBench(instances, SHORT, Layers.DEFAULT_MAX_EJECTION, null);
    }

    @Nested
    class WhileSomeInstancesWork {
        private final ServiceBench bench = of(4);

        @Test
        void ejectsTheShareAndSparesWhatFailsBeyondIt() {
            for (int i = 0; i < 4; i++) {
                bench.call(i, SUCCESS);
            }
            for (int i = 0; i < 3; i++) {
                bench.calls(5, i, FAILURE);
            }
            bench.pulse();

            assertThat(bench.instances).extracting(Breaker::state).containsExactly(OPEN, OPEN, CLOSED, CLOSED);
            assertThat(bench.call(2, FAILURE)).isTrue();
            assertThat(bench.instances.get(2).isSpared()).isTrue();
            assertThat(bench.instances.get(2).counts()).isEqualTo("spared by max-ejection: failures=6 in a row");
            assertThat(bench.instances.get(2).layer()).isNull();
            assertThat(bench.instances.get(0).layer()).isEqualTo(Layer.INSTANCE);
            assertThat(bench.service.isOpen()).isFalse();
        }

        @Test
        void givesThePlaceOfOneThatRecoveredToTheNext() {
            ejectsTheShareAndSparesWhatFailsBeyondIt();
            for (int i = 0; i < 11; i++) {
                bench.pulse();
                bench.call(3, SUCCESS);
            }
            assertThat(bench.state(0)).isEqualTo(HALF_OPEN);

            bench.calls(2, 0, SUCCESS);
            assertThat(bench.state(0)).isEqualTo(CLOSED);
            bench.pulse();
            assertThat(bench.state(2)).isEqualTo(OPEN);
        }

        @Test
        void isNoLongerSparedOnceItAnswers() {
            ejectsTheShareAndSparesWhatFailsBeyondIt();
            bench.call(2, SUCCESS);
            assertThat(bench.instances.get(2).isSpared()).isFalse();
        }

        @Test
        void doesNotCountInstancesThatNobodyCalls() {
            ejectsTheShareAndSparesWhatFailsBeyondIt();
            bench.service.active(bench.instances.get(0), false);
            bench.service.active(bench.instances.get(1), false);
            bench.pulse();
            bench.pulse();

            assertThat(bench.service.most()).isEqualTo(1);
            assertThat(bench.state(2)).isEqualTo(OPEN);
            assertThat(bench.call(3, SUCCESS)).isTrue();
        }

        @Test
        void readmitsTheOneLongestOpenWhenThereAreTooMany() {
            ServiceBench six = of(6);
            six.call(3, SUCCESS);
            for (int opened : new int[] {1, 0, 2}) {
                six.calls(5, opened, FAILURE);
                six.pulse();
                six.pulse();
            }
            six.transitions.clear();
            six.service.active(six.instances.get(5), false);
            six.pulse();
            assertThat(six.transitions)
                    .singleElement()
                    .isEqualTo("1 OPEN>CLOSED more than max-ejection of the instances were open");
        }

        @Test
        void readmitsOneWhenThereAreFewerInstances() {
            ejectsTheShareAndSparesWhatFailsBeyondIt();
            bench.service.remove(bench.instances.get(2));
            bench.instances.remove(2);
            bench.pulse();

            assertThat(bench.instances).extracting(Breaker::state).containsExactly(CLOSED, OPEN, CLOSED);
            assertThat(bench.transitions)
                    .last()
                    .isEqualTo("0 OPEN>CLOSED more than max-ejection of the instances were open");
        }
    }

    @Nested
    class WithNineInstances {
        private final ServiceBench bench = of(9);

        /** Four may be open; the fifth to fail is spared. */
        private void spareOne() {
            bench.call(8, SUCCESS);
            for (int i = 0; i < 5; i++) {
                bench.calls(5, i, FAILURE);
            }
            bench.pulse();
            assertThat(bench.open()).isEqualTo(4);
            assertThat(bench.instances.get(4).isSpared()).isTrue();
        }

        @Test
        void givesThePlaceOfOneThatLeftToTheNext() {
            spareOne();
            bench.service.remove(bench.instances.get(0));
            bench.pulse();
            assertThat(bench.service.most()).isEqualTo(4);
            assertThat(bench.state(4)).isEqualTo(OPEN);
        }

        @Test
        void oneThatNobodyCallsOpensWithoutAPlace() {
            spareOne();
            bench.service.active(bench.instances.get(4), false);
            bench.pulse();
            assertThat(bench.state(4)).isEqualTo(OPEN);
            assertThat(((LayeredBreaker) bench.instances.get(4)).hasPlace()).isFalse();
        }

        @Test
        void aPlaceThatWasNotUsedIsFreeAtTheSecondPulse() {
            LayeredBreaker lost = (LayeredBreaker) bench.instances.get(7);
            assertThat(bench.service.tryEject(lost)).isTrue();
            bench.pulse();
            assertThat(lost.hasPlace()).isTrue();
            bench.pulse();
            assertThat(lost.hasPlace()).isFalse();
            spareOne();
        }

        @Test
        void aPlaceThatIsUsedIsKept() {
            spareOne();
            bench.pulse();
            bench.pulse();
            assertThat(bench.open()).isEqualTo(4);
            assertThat(bench.state(4)).isEqualTo(CLOSED);
        }
    }

    @Nested
    class OfOneInstance {
        private final ServiceBench bench =
                new ServiceBench(1, Bench.config(new Strategy.Consecutive(50)), Layers.DEFAULT_MAX_EJECTION, null);

        @Test
        void isNotOpenBeforeAnythingIsKnown() {
            bench.pulse();
            assertThat(bench.service.isOpen()).isFalse();
        }

        @Test
        void leavesItToItsOwnBreaker() {
            bench.calls(49, 0, FAILURE);
            bench.pulse();
            assertThat(bench.service.isOpen()).isFalse();
            bench.calls(1, 0, FAILURE);
            bench.pulse();
            assertThat(bench.service.isOpen()).isTrue();
        }

        @Test
        void isEmptyOnceItLeft() {
            assertThat(bench.service.isEmpty()).isFalse();
            bench.service.remove(bench.instances.get(0));
            assertThat(bench.service.isEmpty()).isTrue();
            assertThat(bench.service.layers()).isEqualTo(bench.config.layers());
        }
    }

    @Nested
    class WhenNoInstanceWorks {
        @ParameterizedTest
        @CsvSource({"1", "2", "3", "4", "10"})
        void opensThemAll(int instances) {
            ServiceBench bench = of(instances);
            for (int i = 0; i < instances; i++) {
                bench.calls(5, i, FAILURE);
            }
            bench.pulse();

            assertThat(bench.service.isOpen()).isTrue();
            assertThat(bench.open()).isEqualTo(instances);
            assertThat(bench.instances.get(instances - 1).layer())
                    .isEqualTo(instances == 1 ? Layer.INSTANCE : Layer.SERVICE);
        }

        @Test
        void seesAnOutageOfWhichNoInstanceHasEnoughCalls() {
            ServiceBench bench = of(10);
            for (int i = 0; i < 10; i++) {
                bench.call(i, SUCCESS);
                bench.calls(2, i, FAILURE);
            }
            bench.pulse();

            assertThat(bench.open()).isEqualTo(10);
            assertThat(bench.instances.get(3).counts()).isEqualTo("service: none of 10 instances works");
        }

        @Test
        void leavesAnInstanceAloneOfWhichNothingIsKnown() {
            ServiceBench bench = of(2);
            bench.calls(5, 0, FAILURE);
            bench.pulse();

            assertThat(bench.service.isOpen()).isTrue();
            assertThat(bench.call(1, SUCCESS)).isTrue();
            bench.pulse();
            assertThat(bench.service.isOpen()).isFalse();
        }

        @Test
        void isDecidedByOneSuccess() {
            ServiceBench bench = of(10);
            for (int i = 0; i < 10; i++) {
                bench.calls(4, i, FAILURE);
            }
            bench.call(9, SUCCESS);
            bench.pulse();

            assertThat(bench.open()).isZero();
        }

        @Test
        void readmitsWhatIsTooManyAsSoonAsOneInstanceWorks() {
            ServiceBench bench = of(4);
            for (int i = 0; i < 4; i++) {
                bench.calls(5, i, FAILURE);
            }
            for (int i = 0; i < 11; i++) {
                bench.pulse();
            }
            bench.calls(2, 3, SUCCESS);
            bench.pulse();

            assertThat(bench.state(3)).isEqualTo(CLOSED);
            assertThat(bench.service.isOpen()).isFalse();
            assertThat(bench.open()).isEqualTo(2);
        }
    }

    @Nested
    class WithAnObjective {
        private ServiceBench bench = new ServiceBench(2, SHORT, 0.5, SLO);

        private void becomesSlower(int instances) {
            for (int tick = 0; tick < 100; tick++) {
                for (int i = 0; i < 2; i++) {
                    for (int call = 0; call < 5; call++) {
                        bench.call(i, SUCCESS, Duration.ofMillis(i < instances ? 50 + 5 * tick : 50));
                    }
                }
                bench.pulse();
            }
        }

        private void missIt() {
            for (int tick = 0; bench.state(0) == CLOSED; tick++) {
                for (int call = 0; call < 5; call++) {
                    bench.call(0, SUCCESS, Duration.ofMillis(50 + 5 * tick));
                }
                bench.call(1, SUCCESS);
                bench.pulse();
            }
        }

        @Test
        void opensTheOneThatMissesItAndKeepsItOpen() {
            becomesSlower(1);

            assertThat(bench.transitions.get(0)).startsWith("0 CLOSED>OPEN slo: over 100ms=");
            assertThat(bench.transitions).noneMatch(told -> told.startsWith("1 "));
        }

        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void letsNoProbeThroughBeforeTheWaitIsOver(boolean isAdaptive) {
            bench = new ServiceBench(2, isAdaptive ? ADAPTIVE : SHORT, 0.5, SLO);
            missIt();
            for (int tick = 0; tick < 19; tick++) {
                assertThat(bench.call(0, SUCCESS)).isFalse();
                bench.pulse();
            }
            assertThat(bench.instances.get(0).layer()).isEqualTo(Layer.SLO);
            assertThat(bench.instances.get(0).retryAfterNanos(bench.now)).isPositive();

            for (int tick = 0; tick < 60; tick++) {
                bench.call(0, SUCCESS);
                bench.pulse();
            }
            assertThat(bench.state(0)).isEqualTo(CLOSED);
            assertThat(bench.instances.get(0).layer()).isNull();
        }

        @Test
        void putsItOnTrialAfterTheWaitAndTakesItBackWhenItKeepsIt() {
            becomesSlower(1);
            boolean refused = false;
            for (int tick = 0; tick < 50; tick++) {
                refused |= !bench.call(0, SUCCESS, Duration.ofMillis(50));
                refused |= bench.instances.get(0).layer() == Layer.SLO;
                bench.pulse();
            }
            assertThat(refused).isTrue();
            assertThat(bench.state(0)).isEqualTo(CLOSED);
            assertThat(bench.instances.get(0).isAtRest()).isFalse();
        }

        @Test
        void opensItAgainWhenItMissesOnTrial() {
            becomesSlower(1);
            bench.transitions.clear();
            for (int tick = 0; tick < 50; tick++) {
                bench.call(0, SUCCESS, Duration.ofMillis(500));
                bench.pulse();
            }
            assertThat(bench.transitions).contains("0 CLOSED>OPEN slo: missed by 2 calls on trial");
        }

        @Test
        void isTakenBackWithItsInstanceWhenTooManyAreOpen() {
            bench = new ServiceBench(4, SHORT, 0.5, SLO);
            missIt();
            bench.calls(5, 2, FAILURE);
            bench.call(1, SUCCESS);
            bench.pulse();
            assertThat(bench.open()).isEqualTo(2);

            bench.service.remove(bench.instances.remove(3));
            bench.pulse();
            assertThat(bench.state(0)).isEqualTo(CLOSED);
            bench.pulse();
            assertThat(bench.state(0)).isEqualTo(CLOSED);
        }

        @Test
        void isSparedWhereNoInstanceMayOpen() {
            bench = new ServiceBench(2, SHORT, 0, SLO);
            boolean spared = false;
            for (int tick = 0; tick < 100; tick++) {
                for (int call = 0; call < 5; call++) {
                    bench.call(0, SUCCESS, Duration.ofMillis(50 + 5L * tick));
                }
                bench.call(1, SUCCESS);
                bench.pulse();
                spared |= bench.instances.get(0).isSpared();
                assertThat(bench.instances.get(1).isSpared()).isFalse();
            }
            assertThat(spared).isTrue();
            assertThat(bench.open()).isZero();
        }

        @Test
        void opensNoMoreThanTheShareUnlessAllMissIt() {
            for (int tick = 0; tick < 60; tick++) {
                for (int call = 0; call < 5; call++) {
                    bench.call(0, SUCCESS, Duration.ofMillis(50 + 5 * tick));
                    bench.call(1, SUCCESS, Duration.ofMillis(50 + 5 * tick));
                }
                bench.pulse();
                assertThat(bench.open()).isLessThanOrEqualTo(bench.service.isOpen() ? 2 : 1);
            }
        }
    }

    /** A walk of failing, recovering, vanishing and new instances under each strategy; a failure names its seed. */
    @ParameterizedTest(name = "{0} seed {1}")
    @MethodSource("walks")
    void neverRefusesMoreThanTheShareWhileOneWorks(String name, BreakerConfig config, long seed) {
        Random random = new Random(seed);
        double share = List.of(0.0, 0.1, 0.34, 0.5, 1.0).get(random.nextInt(5));
        ServiceBench bench = new ServiceBench(1 + random.nextInt(12), config, share, seed % 2 == 0 ? SLO : null);
        double[] failing = new double[200];
        for (int step = 0; step < 3_000; step++) {
            int many = bench.instances.size();
            if (random.nextInt(40) == 0) {
                double rate = List.of(0.0, 0.0, 0.05, 0.6, 1.0).get(random.nextInt(5));
                failing[random.nextInt(many)] = rate;
                if (random.nextInt(6) == 0) {
                    Arrays.fill(failing, rate);
                }
            }
            if (random.nextInt(200) == 0 && many < 100) {
                bench.add();
            }
            if (random.nextInt(100) == 0) {
                bench.service.active(bench.instances.get(random.nextInt(many)), random.nextBoolean());
            }
            for (int i = 0; i < many; i++) {
                if (((LayeredBreaker) bench.instances.get(i)).isActive()) {
                    for (int call = random.nextInt(4); call > 0; call--) {
                        Outcome outcome = random.nextDouble() < failing[i] ? FAILURE : SUCCESS;
                        bench.call(i, outcome, Duration.ofMillis(random.nextInt(failing[i] > 0 ? 300 : 50)));
                    }
                }
            }
            bench.pulse();
            if (!bench.service.isOpen()) {
                assertThat(bench.open()).as("step %d", step).isLessThanOrEqualTo(bench.service.most());
            } else {
                assertThat(bench.instances)
                        .as("step %d", step)
                        .noneMatch(each -> ((LayeredBreaker) each).isActive() && ((LayeredBreaker) each).isHealthy());
            }
        }
        for (int i = 0; i < bench.instances.size(); i++) {
            bench.service.active(bench.instances.get(i), true);
        }
        for (int tick = 0; tick < 100; tick++) {
            for (int i = 0; i < bench.instances.size(); i++) {
                bench.calls(4, i, SUCCESS);
            }
            bench.pulse();
        }
        assertThat(bench.instances).extracting(Breaker::state).containsOnly(CLOSED);
        assertThat(bench.instances).noneMatch(Breaker::isSpared);
    }

    static Stream<Arguments> walks() {
        return Stream.of(Arguments.of("consecutive", SHORT), Arguments.of("adaptive", ADAPTIVE))
                .flatMap(strategy -> new Random(7)
                        .longs(10)
                        .mapToObj(seed -> Arguments.of(strategy.get()[0], strategy.get()[1], seed)));
    }

    @Test
    void neverEjectsMoreThanTheShareHoweverManyFailAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (int round = 0; round < 200; round++) {
                ServiceBench bench = of(8);
                bench.call(7, SUCCESS);
                CountDownLatch start = new CountDownLatch(1);
                List<Future<?>> ended = IntStream.range(0, 7)
                        .<Future<?>>mapToObj(instance -> threads.submit(() -> {
                            start.await();
                            Breaker breaker = bench.instances.get(instance);
                            for (int call = 0; call < 6; call++) {
                                breaker.settle(breaker.tryAcquire(bench.now), FAILURE, bench.now);
                            }
                            return null;
                        }))
                        .toList();
                start.countDown();
                for (Future<?> each : ended) {
                    each.get();
                }
                assertThat(bench.open()).isEqualTo(4);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void isRefusedAShareThatIsNone() {
        assertThatThrownBy(() -> new Layers(true, 1.01, null))
                .isInstanceOf(ConfigException.class)
                .hasMessage("max-ejection must be 0% to 100%, was 1.01");
    }
}
