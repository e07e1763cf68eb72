package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How an adaptive breaker looks whether its target is well again, and what it makes of those that find out. */
class AdaptiveProbeTest {
    private static final Duration PULSE = Duration.ofNanos(AdaptiveBench.PULSE);

    private final AdaptiveBench bench = new AdaptiveBench();

    @Nested
    class Waiting {
        /** A hundredth of what the target got, so a probe in 100 ms, 400 ms, and a second, which is the longest. */
        @ParameterizedTest
        @CsvSource({"1000, 100", "250, 400", "10, 1000"})
        void takesUpToAHundredthOfWhatTheTargetGot(int rate, long millis) {
            succeed(rate, 60);
            bench.trip();
            for (int i = 0; i < 12; i++) {
                bench.settle(probe(), Outcome.FAILURE);
            }
            assertThat(waitMillis(bench)).isCloseTo((double) millis, within(0.21 * millis));
        }

        /** Also of calls that failed or were refused: all that it was asked for. */
        @Test
        void takesUpToAHundredthOfWhatItWasAskedFor() {
            AdaptiveBench two = new AdaptiveBench(new Strategy.Adaptive(true, true, 1, 2), 7, 0);
            for (int i = 0; i < 600; i++) {
                long[] permits = two.acquire(100);
                two.settle(permits[0], Outcome.FAILURE);
                two.settle(permits[1], Outcome.SUCCESS);
                two.settle(two.acquire(), Outcome.FAILURE);
                two.settle(two.acquire(), Outcome.SUCCESS);
                two.pass(PULSE);
            }
            assertThat(two.transitions).isEmpty();
            two.trip();
            assertThat(waitMillis(two)).isCloseTo(98, within(21.0));
            for (int i = 0; i < 12; i++) {
                two.settle(two.probe(), Outcome.FAILURE);
            }
            assertThat(waitMillis(two)).isCloseTo(98, within(21.0));
        }

        @Test
        void goesByTheRateOfSomeSecondsNotOfTheLastPulse() {
            succeed(1000, 60);
            bench.calls(1, AdaptiveBench.MILLI, Outcome.SUCCESS);
            bench.pass(PULSE);
            bench.trip();
            for (int i = 0; i < 12; i++) {
                bench.settle(probe(), Outcome.FAILURE);
            }
            assertThat(waitMillis(bench)).isCloseTo(102, within(22.0));
        }

        @Test
        void isOverWithTheFirstPulseThatFindsItOver() {
            bench.trip();
            bench.jump(Duration.ofNanos(bench.breaker.retryAfterNanos(bench.now) - 1));
            bench.pulse();
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            bench.jump(Duration.ofNanos(1));
            bench.pulse();
            assertThat(AdaptiveBench.isGranted(bench.acquire())).isTrue();
        }

        @Test
        void isTwiceAsLongAfterEachFailure() {
            bench.trip();
            for (long millis = 100; millis <= 800; millis *= 2) {
                assertThat(waitMillis(bench)).isCloseTo((double) millis, within(0.21 * millis));
                bench.settle(probe(), Outcome.FAILURE);
            }
        }

        /** Each may hold a thread. Probes that end are none of them, however they end. */
        @Test
        void isTwoSecondsWhileNineProbesHang() {
            succeed(200, 5);
            bench.trip();
            for (int i = 0; i < 5; i++) {
                bench.settle(probe(), Outcome.FAILURE);
                bench.settle(probe(), Outcome.IGNORED);
            }
            long[] hung = new long[9];
            for (int i = 0; i < hung.length; i++) {
                hung[i] = probe();
            }
            bench.settle(probe(), Outcome.FAILURE);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isGreaterThan(1_500 * AdaptiveBench.MILLI);
            bench.settle(hung, Outcome.FAILURE);
            bench.settle(probe(), Outcome.FAILURE);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isLessThan(1_200 * AdaptiveBench.MILLI);
        }

        @Test
        void isNotThatLongWhileEightDo() {
            succeed(200, 5);
            assertHung(0);
        }
    }

    /** That a probe hangs is known until it ends, and no longer, however it came to be given up. */
    @Nested
    class Hung {
        @Test
        void isNoneOfThoseThatWereAnsweredInTime() {
            succeed(200, 5);
            recover();
            assertHung(0);
        }

        @Test
        void isTheOneThatLateAnswersMadeUnneeded() {
            succeed(200, 5);
            bench.trip();
            long[] late = {probe(), probe(), probe()};
            long out = probe();
            bench.settle(late, Outcome.SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
            assertHung(1);
            bench.settle(out, Outcome.SUCCESS);
            assertHung(0);
        }

        @Test
        void isTheOneThatWasGivenUpThoughOthersTookLonger() {
            succeed(200, 5);
            bench.trip();
            long slow = probe();
            bench.pass(Duration.ofSeconds(20));
            bench.settle(slow, Outcome.SUCCESS);
            long hung = probe();
            assertHung(1);
            bench.settle(hung, Outcome.FAILURE);
            assertHung(0);
        }

        @Test
        void isTheOneThatWasOutWhenItWasReadmitted() {
            succeed(200, 5);
            bench.trip();
            long out = probe();
            bench.breaker.readmit("the service", bench.now);
            assertHung(1);
            bench.settle(out, Outcome.FAILURE);
            bench.trip();
            bench.breaker.readmit("the service", bench.now);
            assertHung(0);
        }

        @Test
        void isTheOneThatWasOutWhenItWasHeldOpen() {
            succeed(200, 5);
            bench.trip();
            long out = probe();
            bench.breaker.open("the objective", true, bench.now);
            assertHung(1);
            bench.settle(out, Outcome.FAILURE);
            bench.pass(Duration.ofSeconds(2));
            bench.breaker.open("the objective", true, bench.now);
            assertHung(0);
        }
    }

    /** One decides, and the other comes while it draws how long to wait. */
    @Nested
    class AtOnce {
        private final Interruption interruption = new Interruption();
        private final AdaptiveBench bench = new AdaptiveBench(Strategy.Adaptive.DEFAULT, interruption, 0);

        @BeforeEach
        void opens() {
            succeed(200, 5, bench);
            bench.trip();
        }

        @Test
        void aProbeThatIsGivenUpAsItFailsHangsNoMore() {
            long probe = probeThatMayBeGivenUp();
            interruption.then = bench::pulse;
            bench.settle(probe, Outcome.FAILURE);
            assertHung(0, bench);
        }

        @Test
        void aProbeThatFailsAsItIsGivenUpDoesNotHang() {
            long probe = probeThatMayBeGivenUp();
            interruption.then = () -> bench.settle(probe, Outcome.FAILURE);
            bench.pulse();
            assertHung(0, bench);
        }

        @Test
        void norDoesOneThatWouldBeGivenMoreTime() {
            long slow = bench.probe();
            bench.pass(Duration.ofSeconds(5));
            bench.settle(slow, Outcome.SUCCESS);
            long probe = probeThatMayBeGivenUp();
            interruption.then = () -> bench.settle(probe, Outcome.FAILURE);
            bench.pulse();
            assertHung(0, bench);
        }

        private long probeThatMayBeGivenUp() {
            long probe = bench.probe();
            bench.jump(Duration.ofNanos(bench.breaker.patienceNanos()).plusMillis(1));
            return probe;
        }
    }

    /** A source of the same number that lets another in first, once. */
    private static final class Interruption implements RandomGenerator {
        private Runnable then = () -> {};

        @Override
        public long nextLong() {
            Runnable now = then;
            then = () -> {};
            now.run();
            return 0;
        }
    }

    @Nested
    class Late {
        @Test
        void successesOfThisOutageVote() {
            bench.trip();
            long[] hung = {probe(), probe(), probe()};
            bench.settle(hung[2], Outcome.SUCCESS);
            bench.settle(hung[0], Outcome.SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.OPEN);
            bench.settle(hung[1], Outcome.SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
        }

        @Test
        void aSuccessOfOneThatBeganAsItOpenedVotes() {
            long old = bench.acquire();
            bench.trip();
            bench.settle(old, Outcome.SUCCESS);
            long first = bench.acquire();
            long second = probe();
            bench.settle(first, Outcome.SUCCESS);
            bench.settle(second, Outcome.SUCCESS);
            bench.settle(bench.acquire(), Outcome.SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
        }

        @Test
        void aSuccessOfACallOfTwoOutagesAgoBringsAProbeForward() {
            long old = bench.acquire();
            recover();
            bench.pass(Duration.ofSeconds(1));
            bench.trip();
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            bench.settle(old, Outcome.SUCCESS);
            assertThat(AdaptiveBench.isGranted(bench.acquire())).isTrue();
        }

        @Test
        void failuresDoNot() {
            bench.trip();
            long[] hung = {probe(), probe(), probe(), probe()};
            bench.settle(hung, Outcome.FAILURE);
            bench.settle(hung, Outcome.IGNORED);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.OPEN);
        }

        @Test
        void aSuccessOfAnEarlierOutageOnlyBringsAProbeForward() {
            bench.trip();
            long hung = probe();
            assertThat(bench.secondsToClose(10)).isLessThan(10);
            bench.pass(Duration.ofSeconds(1));
            bench.trip();
            bench.settle(hung, Outcome.SUCCESS);
            for (int i = 0; i < 2; i++) {
                long next = bench.acquire();
                assertThat(AdaptiveBench.isGranted(next)).isTrue();
                bench.settle(next, Outcome.SUCCESS);
                assertThat(bench.breaker.state()).isEqualTo(BreakerState.OPEN);
            }
            bench.settle(bench.acquire(), Outcome.SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
        }
    }

    @Nested
    class Ramp {
        @Test
        void beginsWithHalfOfWhatWasInFlight() {
            bench.acquire(100);
            recover();
            assertThat(bench.breaker.limit()).isEqualTo(50);
        }

        @Test
        void beginsWithFourAtLeast() {
            recover();
            assertThat(bench.breaker.limit()).isEqualTo(4);
        }

        /** Ten in a hundred, and 1.6 times as many each pulse. */
        @ParameterizedTest
        @CsvSource({"0, 0.1", "1, 0.16", "2, 0.256", "3, 0.41", "4, 0.655"})
        void admitsMoreWithEachPulse(int pulses, double share) {
            recover();
            bench.pass(PULSE.multipliedBy(pulses));
            int admitted = 0;
            for (int i = 0; i < 5_000; i++) {
                bench.jump(Duration.ofNanos(10_007));
                long call = bench.acquire();
                bench.jump(Duration.ofNanos(10_007));
                long connection = bench.breaker.tryAcquireUncounted(bench.now);
                for (long permit : new long[] {call, connection}) {
                    admitted += AdaptiveBench.isGranted(permit) ? 1 : 0;
                    bench.settle(permit, Outcome.SUCCESS);
                }
            }
            bench.pulse();
            assertThat(admitted).isCloseTo((int) (10_000 * share), within(100));
            assertThat(bench.counted).isNotNull();
            assertThat(bench.counted.refusals()).isEqualTo(10_000 - admitted);
        }

        @Test
        void opensAgainIfNearlyHalfOfItsCallsFail() {
            recover();
            for (int i = 0; i < 60; i++) {
                bench.settle(admitted(bench), i % 9 < 4 ? Outcome.FAILURE : Outcome.SUCCESS);
            }
            bench.pass(PULSE);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.OPEN);
            assertThat(bench.transitions).last().asString().endsWith("while recovering");
        }

        @Test
        void doesNotForAFifth() {
            recover();
            for (int i = 0; i < 60; i++) {
                bench.settle(admitted(bench), i % 5 == 0 ? Outcome.FAILURE : Outcome.SUCCESS);
            }
            bench.pass(Duration.ofSeconds(1));
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.CLOSED);
            assertThat(bench.transitions).last().asString().contains("failures=12/60 while recovering");
        }
    }

    @Nested
    class NobodyAdapts {
        @Test
        void soACallLooksForItselfAfterASecond() {
            bench.trip();
            bench.jump(Duration.ofSeconds(1));
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            bench.jump(Duration.ofNanos(1));
            assertThat(Permit.place(bench.acquire())).isEqualTo(Permit.PROBE);
        }

        @Test
        void soALimitHoldsNothingUpAfterASecond() {
            recover();
            bench.pass(Duration.ofMillis(600));
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.CLOSED);
            bench.acquire(bench.breaker.limit());
            bench.jump(Duration.ofSeconds(1));
            assertThat(bench.acquire()).isEqualTo(Breaker.LIMITED);
            bench.jump(Duration.ofNanos(1));
            assertThat(AdaptiveBench.isGranted(bench.acquire())).isTrue();
            assertThat(bench.breaker.limit()).isEqualTo(Strategy.Adaptive.DEFAULT.maxLimit());
        }
    }

    @Test
    void isNoLongerHotWhenNobodyCalls() {
        for (int i = 0; i < 4; i++) {
            bench.calls(20_000, AdaptiveBench.MILLI, Outcome.SUCCESS);
            bench.pass(PULSE);
        }
        assertThat(bench.breaker.isHot()).isTrue();
        bench.pass(Duration.ofMillis(300));
        assertThat(bench.breaker.isHot()).isFalse();
    }

    private void succeed(int rate, int seconds) {
        succeed(rate, seconds, bench);
    }

    /** So many a second, of 10 ms each. */
    private static void succeed(int rate, int seconds, AdaptiveBench bench) {
        for (int i = 0; i < 10 * seconds; i++) {
            bench.calls(rate / 10, 10 * AdaptiveBench.MILLI, Outcome.SUCCESS);
            bench.pass(PULSE);
        }
    }

    private static double waitMillis(AdaptiveBench bench) {
        return (double) bench.breaker.retryAfterNanos(bench.now) / AdaptiveBench.MILLI;
    }

    /** With so many hanging, one more than eight make it wait longer; none of those hangs afterwards. */
    private static void assertHung(int expected, AdaptiveBench bench) {
        while (bench.breaker.state() != BreakerState.OPEN) {
            bench.settle(admitted(bench), Outcome.FAILURE);
        }
        long[] hung = new long[9 - expected];
        for (int i = 0; i < hung.length; i++) {
            bench.settle(bench.probe(), Outcome.FAILURE);
            assertThat(waitMillis(bench)).isLessThan(1_200);
            hung[i] = bench.probe();
        }
        bench.settle(bench.probe(), Outcome.FAILURE);
        assertThat(waitMillis(bench)).isGreaterThan(1_500);
        bench.settle(hung, Outcome.FAILURE);
    }

    private void assertHung(int expected) {
        assertHung(expected, bench);
    }

    private long probe() {
        return bench.probe();
    }

    /** Trips, and is half-open. */
    private void recover() {
        bench.trip();
        for (int i = 0; i < 3; i++) {
            bench.settle(probe(), Outcome.SUCCESS);
        }
        assertThat(bench.breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
    }

    /** The next call that the ramp admits. */
    private static long admitted(AdaptiveBench bench) {
        long permit = bench.acquire();
        while (!AdaptiveBench.isGranted(permit)) {
            bench.jump(Duration.ofNanos(10_007));
            permit = bench.acquire();
        }
        return permit;
    }
}
