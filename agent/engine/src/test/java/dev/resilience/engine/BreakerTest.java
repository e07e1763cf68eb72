package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.HALF_OPEN;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BreakerTest {
    private static final Duration OPEN_FOR = Duration.ofSeconds(30);
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration NANO = Duration.ofNanos(1);

    private Bench bench = new Bench(Bench.CONSECUTIVE);

    @Nested
    class WhileClosed {
        @Test
        void admitsEveryCall() {
            for (int i = 0; i < 100; i++) {
                assertThat(bench.acquire()).isNotEqualTo(Breaker.REFUSED);
            }
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isZero();
            assertThat(bench.breaker.config()).isSameAs(Bench.CONSECUTIVE);
        }

        @Test
        void tripsAtTheFifthFailureInARow() {
            bench.calls(4, FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
            assertThat(bench.breaker.counts()).isEqualTo("failures=4 in a row");

            bench.call(FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(bench.transitions).containsExactly("CLOSED>OPEN failures=5 in a row");
        }

        @Test
        void startsTheRowAgainAfterASuccess() {
            bench.calls(4, FAILURE);
            bench.call(SUCCESS);
            bench.calls(4, FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        }

        @Test
        void doesNotCountIgnoredCalls() {
            bench.calls(4, FAILURE);
            bench.calls(10, IGNORED);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
            bench.call(FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }

        @Test
        void isNotChangedByTheSettlingOfARefusal() {
            bench.calls(100, SUCCESS);
            for (int i = 0; i < 100; i++) {
                bench.settle(Breaker.REFUSED, FAILURE);
            }
            assertThat(bench.breaker.counts()).isEqualTo("failures=0 in a row");
        }
    }

    @Nested
    class WhileOpen {
        @Test
        void refusesUntilTheWaitIsOver() {
            bench.trip();
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isEqualTo(OPEN_FOR.toNanos());

            bench.pass(OPEN_FOR.minus(NANO));
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isEqualTo(1);
            assertThat(bench.breaker.counts()).isEqualTo("failures=5 in a row");

            bench.pass(NANO);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isZero();
            assertThat(bench.acquire()).isNotEqualTo(Breaker.REFUSED);
            assertThat(bench.transitions).last().isEqualTo("OPEN>HALF_OPEN waited=30s");
        }

        @Test
        void refusesAlthoughTheWaitIsOverUntilThePulseSaysSo() {
            bench.trip();
            bench.pass(OPEN_FOR.minus(NANO));
            bench.jump(Duration.ofMillis(100));
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isZero();
        }

        @ParameterizedTest
        @EnumSource(Outcome.class)
        void isNotChangedByCallsAdmittedBefore(Outcome late) {
            long slow = bench.acquire();
            bench.trip();
            for (int i = 0; i < 20; i++) {
                bench.settle(slow, late);
            }
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(bench.transitions).hasSize(1);
        }

        @Test
        void isNotMovedByALateFailureWhenThePulseIsLate() {
            long slow = bench.acquire();
            bench.trip();
            bench.jump(Duration.ofSeconds(31));
            bench.settle(slow, FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }

        @Test
        void doublesTheWaitAfterFailedProbesUpToTheMostAndStartsAnewOnceClosed() {
            bench = new Bench(Bench.waiting(Duration.ofSeconds(10), Duration.ofSeconds(35), 0));

            bench.trip();
            assertThat(retryAfter()).isEqualTo(Duration.ofSeconds(10));
            for (int seconds : new int[] {20, 35, 35, 35}) {
                bench.halfOpen();
                bench.call(FAILURE);
                assertThat(retryAfter()).isEqualTo(Duration.ofSeconds(seconds));
            }

            bench.close();
            bench.trip();
            assertThat(retryAfter()).isEqualTo(Duration.ofSeconds(10));
        }

        @Test
        void staysAtTheMostHoweverOftenItReopened() {
            bench = new Bench(Bench.waiting(Duration.ofMillis(10), Duration.ofDays(1), 0));

            bench.trip();
            for (int i = 0; i < 100; i++) {
                bench.halfOpen();
                bench.call(FAILURE);
            }
            assertThat(retryAfter()).isEqualTo(Duration.ofDays(1));
        }

        @Test
        void spreadsTheWaitToBothSidesButNotBeyondTheMost() {
            Random random = new Random(7);
            long least = Long.MAX_VALUE;
            long most = 0;
            for (int i = 0; i < 1000; i++) {
                bench = new Bench(Bench.waiting(OPEN_FOR, OPEN_FOR.multipliedBy(2), 0.25), 0, random);
                bench.trip();
                least = Math.min(least, bench.breaker.retryAfterNanos(0));
                most = Math.max(most, bench.breaker.retryAfterNanos(0));
            }
            assertThat(Duration.ofNanos(least)).isBetween(Duration.ofMillis(22_500), Duration.ofMillis(22_700));
            assertThat(Duration.ofNanos(most)).isBetween(Duration.ofMillis(37_300), Duration.ofMillis(37_500));

            most = 0;
            for (int i = 0; i < 1000; i++) {
                bench = new Bench(Bench.waiting(OPEN_FOR, OPEN_FOR, 0.25), 0, random);
                bench.trip();
                most = Math.max(most, bench.breaker.retryAfterNanos(0));
            }
            assertThat(Duration.ofNanos(most)).isBetween(Duration.ofMillis(29_900), Duration.ofMillis(30_000));
        }

        @Test
        void waitsAtMostTwiceWhenTheClockStepsBack() {
            bench.trip();
            bench.pass(Duration.ofSeconds(20));
            bench.jump(Duration.ofHours(-1));
            bench.pulse();
            assertThat(retryAfter()).isEqualTo(OPEN_FOR);
            bench.pass(OPEN_FOR);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
        }

        @Test
        void probesWithoutAPulseOnceTheWaitIsOver() {
            bench.trip();
            bench.jump(Duration.ofSeconds(31));
            assertThat(bench.acquire()).isNotEqualTo(Breaker.REFUSED);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
        }

        @Test
        void doesThePulsesWorkOnceThePulseIsMoreThanASecondLate() {
            bench = new Bench(Bench.waiting(Duration.ofSeconds(1), Duration.ofSeconds(1), 0));
            bench.trip();
            bench.jump(Duration.ofSeconds(1));
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            bench.jump(NANO);
            assertThat(bench.acquire()).isNotEqualTo(Breaker.REFUSED);
        }

        @Test
        void tripsWithoutThePulsesWorkUntilThePulseIsMoreThanASecondLate() {
            bench = new Bench(Bench.waiting(Duration.ofMillis(500), Duration.ofMillis(500), 0));
            bench.jump(Duration.ofSeconds(1));
            bench.trip();
            bench.jump(Duration.ofMillis(500));
            assertThat(bench.acquire()).as("still the same pulse that is late").isNotEqualTo(Breaker.REFUSED);
        }

        @Test
        void refusesWhileAnotherDoesThePulsesWork() {
            long[] asked = {0};
            bench = new Bench(Bench.TIME_WINDOW, 0, () -> {
                asked[0] = bench.breaker.tryAcquire(bench.now + 2_000_000_000);
                return 0;
            });
            bench.calls(15, FAILURE);
            bench.calls(5, SUCCESS);
            bench.pulse();
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(asked[0]).isEqualTo(Breaker.REFUSED);
        }

        @Test
        void refusesWithoutAPulseWhileTheWaitLasts() {
            bench.trip();
            bench.jump(Duration.ofSeconds(29));
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
        }

        @Test
        void waitsFromTheNextPulseIfTheThreadThatTrippedDiedOnTheWay() {
            int[] asked = {0};
            bench = new Bench(Bench.TIME_WINDOW, 0, () -> {
                if (asked[0]++ == 0) {
                    throw new StackOverflowError();
                }
                return 0;
            });
            assertThatThrownBy(bench::trip).isInstanceOf(StackOverflowError.class);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(retryAfter()).isEqualTo(OPEN_FOR);
            assertThat(bench.breaker.counts()).isEqualTo("failures=20/20 in 10s");

            bench.pass(Duration.ofMillis(100));
            assertThat(retryAfter()).isEqualTo(OPEN_FOR);
            bench.pass(OPEN_FOR);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
        }

        private Duration retryAfter() {
            return Duration.ofNanos(bench.breaker.retryAfterNanos(bench.now));
        }
    }

    @Nested
    class WhileHalfOpen {
        @Test
        void admitsItsProbesAndNoMore() {
            bench.halfOpen();
            for (int i = 0; i < 10; i++) {
                assertThat(bench.acquire()).isNotEqualTo(Breaker.REFUSED);
            }
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            bench.pass(Duration.ofMillis(1900));
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
        }

        @ParameterizedTest(name = "{0} probes at {1}: closes after {2} successes, reopens after {3} failures")
        @CsvSource({
            "10, 0.9, 9, 2",
            "10, 1.0, 10, 1",
            "3, 0.5, 2, 2",
            "1, 1.0, 1, 1",
            "1, 0.01, 1, 1",
            "100, 0.07, 7, 94",
            "100, 0.29, 29, 72",
            "1000, 1.0, 1000, 1",
            "1000, 0.0001, 1, 1000"
        })
        void decidesAsSoonAsItCan(int probes, double rate, int successes, int failures) {
            bench = new Bench(Bench.probing(probes, rate));
            bench.halfOpen();
            bench.calls(successes - 1, SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
            bench.call(SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
            assertThat(bench.transitions)
                    .last()
                    .isEqualTo("HALF_OPEN>CLOSED succeeded=%d/%d probes, failed=0".formatted(successes, probes));

            bench.halfOpen();
            bench.calls(failures - 1, FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
            bench.call(FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/%d probes, failed=%d", probes, failures);
        }

        @Test
        void decidesAMixtureByItsShare() {
            bench.halfOpen();
            bench.call(FAILURE);
            bench.calls(8, SUCCESS);
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=8/10 probes, failed=1");
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
            bench.call(SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        }

        @Test
        void givesThePlaceOfAnIgnoredProbeToAnother() {
            bench.halfOpen();
            bench.calls(1000, IGNORED);
            long[] probes = new long[10];
            for (int i = 0; i < 10; i++) {
                probes[i] = bench.acquire();
                assertThat(probes[i]).isNotEqualTo(Breaker.REFUSED);
            }
            bench.settle(probes[4], IGNORED);
            assertThat(bench.acquire()).isNotEqualTo(Breaker.REFUSED);
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
        }

        @Test
        void countsAProbeThatDoesNotComeBackAsFailed() {
            bench = new Bench(Bench.probing(1, 1));
            bench.halfOpen();
            long hung = bench.acquire();

            bench.pass(PROBE_TIMEOUT.minus(NANO));
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
            bench.pass(NANO);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(bench.transitions).last().isEqualTo("HALF_OPEN>OPEN succeeded=0/1 probes, failed=1");

            bench.settle(hung, SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }

        @Test
        void ignoresTheLateResultOfAProbeItGaveUp() {
            bench.halfOpen();
            long hung = bench.acquire();
            bench.pass(PROBE_TIMEOUT);
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/10 probes, failed=1");

            long other = bench.acquire();
            bench.settle(hung, SUCCESS);
            bench.settle(hung, FAILURE);
            bench.settle(hung, IGNORED);
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/10 probes, failed=1");
            bench.settle(other, SUCCESS);
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=1/10 probes, failed=1");
        }

        @Test
        void givesUpEachProbeAtItsOwnTime() {
            bench.halfOpen();
            bench.acquire();
            bench.pass(Duration.ofMillis(500));
            bench.acquire();
            bench.pass(Duration.ofMillis(1500));
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/10 probes, failed=1");
            bench.pass(Duration.ofMillis(500));
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }

        @Test
        void countsAProbeOnce() {
            bench.halfOpen();
            long probe = bench.acquire();
            bench.pass(NANO);
            bench.acquire();
            for (int i = 0; i < 20; i++) {
                bench.settle(probe, SUCCESS);
            }
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=1/10 probes, failed=0");
        }

        @ParameterizedTest
        @EnumSource(Outcome.class)
        void isNotDecidedByCallsAdmittedBeforeTheTrip(Outcome late) {
            bench = new Bench(Bench.probing(1, 1));
            long slow = bench.acquire();
            bench.halfOpen();
            bench.acquire();
            for (int i = 0; i < 20; i++) {
                bench.settle(slow, late);
            }
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
        }

        @ParameterizedTest
        @EnumSource(Outcome.class)
        void isNotDecidedByTheProbesOfAnEarlierAttempt(Outcome late) {
            bench = new Bench(Bench.probing(2, 1));
            bench.halfOpen();
            long slow = bench.acquire();
            bench.call(FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);

            bench.halfOpen();
            bench.acquire();
            bench.settle(slow, late);
            bench.settle(slow, late);
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/2 probes, failed=0");
            assertThat(bench.acquire()).isNotEqualTo(Breaker.REFUSED);
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
        }

        @Test
        void startsWithAnEmptyWindowOnceClosed() {
            bench = new Bench(Bench.COUNT_WINDOW);
            bench.close();
            assertThat(bench.breaker.counts()).isEqualTo("failures=0/0 of the last 20");
            bench.calls(19, FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
            bench.call(FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }

        @ParameterizedTest
        @EnumSource(Outcome.class)
        void isNotCountedInTheWindowOfTheClosedBreakerThatFollows(Outcome late) {
            long old = bench.acquire();
            bench.halfOpen();
            long probe = bench.acquire();
            bench.close();
            for (int i = 0; i < 20; i++) {
                bench.settle(old, late);
                bench.settle(probe, late);
            }
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
            assertThat(bench.breaker.counts()).isEqualTo("failures=0 in a row");
        }

        @Test
        void givesUpItsProbesAlthoughTheClockStepsBack() {
            bench = new Bench(Bench.probing(1, 1));
            bench.halfOpen();
            bench.acquire();
            bench.jump(Duration.ofHours(-1));
            bench.pulse();
            bench.pass(PROBE_TIMEOUT);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }

        @Test
        void givesUpItsProbesWithoutAPulse() {
            bench = new Bench(Bench.probing(1, 1));
            bench.halfOpen();
            bench.acquire();
            bench.jump(Duration.ofSeconds(3));
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);

            bench.jump(Duration.ofSeconds(61));
            bench.call(SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        }

        @Test
        void doesNotCountAgainAProbeItGaveUpAfterTheClockSteppedBack() {
            bench = new Bench(Bench.probing(3, 0.3));
            bench.halfOpen();
            long lost = bench.acquire();
            bench.jump(Duration.ofHours(-1));
            bench.pass(PROBE_TIMEOUT.plusMillis(100));
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/3 probes, failed=1");

            bench.acquire();
            bench.settle(lost, SUCCESS);
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/3 probes, failed=1");
        }

        @Test
        void doesNotTakeAProbeForOldThatBeganAfterThePulseReadTheClock() {
            bench.halfOpen();
            bench.now += 5;
            bench.acquire();
            bench.now -= 5;
            bench.pulse();
            assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/10 probes, failed=0");
        }
    }

    @Nested
    class AtTheEdgesOfItsNumbers {
        @ParameterizedTest
        @ValueSource(
                longs = {
                    0,
                    -1,
                    Long.MAX_VALUE - 15_000_000_000L,
                    Long.MIN_VALUE,
                    -15_000_000_000L,
                    (1L << 52) - 31_000_000_000L,
                    (1L << 51) - 15_000_000_000L
                })
        void livesTheSameLifeOnEveryTimeBase(long start) {
            for (BreakerConfig config :
                    new BreakerConfig[] {Bench.CONSECUTIVE, Bench.TIME_WINDOW, Bench.COUNT_WINDOW}) {
                bench = new Bench(config, start);
                bench.pass(Duration.ofSeconds(1));
                bench.trip();
                bench.pass(OPEN_FOR.minus(NANO));
                assertThat(bench.breaker.state()).isEqualTo(OPEN);
                bench.pass(NANO);
                assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
                bench.acquire();
                bench.pass(PROBE_TIMEOUT);
                assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/10 probes, failed=1");
                bench.calls(9, SUCCESS);
                assertThat(bench.breaker.state()).isEqualTo(CLOSED);
            }
        }

        @Test
        void goesOnAcrossTheWrapOfTheGeneration() {
            bench = new Bench(Bench.waiting(Duration.ofMillis(10), Duration.ofMillis(20), 0));
            for (int i = 0; i < 3000; i++) {
                bench.close();
                assertThat(bench.breaker.state()).isEqualTo(CLOSED);
                bench.trip();
                assertThat(bench.breaker.retryAfterNanos(bench.now)).isEqualTo(10_000_000);
                bench.halfOpen();
                bench.call(FAILURE);
                assertThat(bench.breaker.retryAfterNanos(bench.now)).isEqualTo(20_000_000);
            }
            assertThat(bench.transitions).hasSize(15_001);
        }

        @Test
        void doublesTheWaitOfGenerationZeroToo() {
            bench = new Bench(Bench.waiting(Duration.ofMillis(10), Duration.ofMillis(20), 0));
            while (bench.transitions.size() < 4095) {
                bench.close();
            }
            bench.trip();
            assertThat(bench.transitions).hasSize(4096);
            bench.halfOpen();
            bench.call(FAILURE);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isEqualTo(20_000_000);
        }

        @Test
        void doesNotLetAProbeVoteAfterAWholeTurnOfTheGeneration() {
            bench = new Bench(Bench.waiting(Duration.ofMillis(10), Duration.ofMillis(10), 0));
            bench.halfOpen();
            long hung = bench.acquire();
            do {
                bench.pass(PROBE_TIMEOUT);
                bench.halfOpen();
                bench.acquire();
            } while (bench.transitions.size() % 4096 != 2);
            bench.settle(hung, SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
        }

        @Test
        void tellsTheProbesThatAreOutAndTheGenerationThatFollows() {
            long voted =
                    Word.of(Word.HALF_OPEN, 4095) + 7 * Word.ONE_GRANTED + 2 * Word.ONE_SUCCEEDED + Word.ONE_FAILED;
            assertThat(Word.outstanding(voted)).isEqualTo(4);
            assertThat(Word.generationAfter(voted, 1)).isZero();
            assertThat(Word.generationAfter(voted, 2)).isEqualTo(1);
        }

        @Test
        void neverGrantsAPermitThatReadsAsARefusal() {
            assertThat(Word.permit(Word.of(Word.CLOSED, 4095), -1)).isEqualTo(-2);
            assertThat(Word.permit(Word.of(Word.CLOSED, 4095), (1L << 52) - 1)).isEqualTo(-2);
            assertThat(Word.permit(Word.of(Word.CLOSED, 4094), -1)).isNotEqualTo(Breaker.REFUSED);
        }
    }
}
