package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
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
            double wait = (double) bench.breaker.retryAfterNanos(bench.now) / AdaptiveBench.MILLI;
            assertThat(wait).isCloseTo((double) millis, within(0.21 * millis));
        }

        @Test
        void isTwiceAsLongAfterEachFailure() {
            bench.trip();
            for (long millis = 100; millis <= 800; millis *= 2) {
                double wait = (double) bench.breaker.retryAfterNanos(bench.now) / AdaptiveBench.MILLI;
                assertThat(wait).isCloseTo((double) millis, within(0.21 * millis));
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
            bench.trip();
            for (int i = 0; i < 8; i++) {
                probe();
            }
            bench.settle(probe(), Outcome.FAILURE);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isLessThan(1_200 * AdaptiveBench.MILLI);
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

        @Test
        void opensAgainIfNearlyHalfOfItsCallsFail() {
            recover();
            for (int i = 0; i < 60; i++) {
                bench.settle(admitted(), i % 9 < 4 ? Outcome.FAILURE : Outcome.SUCCESS);
            }
            bench.pass(PULSE);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.OPEN);
            assertThat(bench.transitions).last().asString().endsWith("while recovering");
        }

        @Test
        void doesNotForAFifth() {
            recover();
            for (int i = 0; i < 60; i++) {
                bench.settle(admitted(), i % 5 == 0 ? Outcome.FAILURE : Outcome.SUCCESS);
            }
            bench.pass(Duration.ofSeconds(1));
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.CLOSED);
            assertThat(bench.transitions).last().asString().contains("failures=12/60 while recovering");
        }
    }

    @Nested
    class NobodyAdapts {
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

    /** So many a second, of 10 ms each. */
    private void succeed(int rate, int seconds) {
        for (int i = 0; i < 10 * seconds; i++) {
            bench.calls(rate / 10, 10 * AdaptiveBench.MILLI, Outcome.SUCCESS);
            bench.pass(PULSE);
        }
    }

    /** The next probe there is, however long it takes. */
    private long probe() {
        long permit = bench.acquire();
        for (int i = 0; i < 50 && !AdaptiveBench.isGranted(permit); i++) {
            bench.pass(PULSE);
            permit = bench.acquire();
        }
        assertThat(Permit.place(permit)).isEqualTo(Permit.PROBE);
        return permit;
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
    private long admitted() {
        long permit = bench.acquire();
        while (!AdaptiveBench.isGranted(permit)) {
            bench.jump(Duration.ofNanos(10_007));
            permit = bench.acquire();
        }
        return permit;
    }
}
