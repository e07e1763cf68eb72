package dev.resilience.engine;

import static dev.resilience.engine.AdaptiveBench.MILLI;
import static dev.resilience.engine.AdaptiveBench.PULSE;
import static dev.resilience.engine.AdaptiveBench.isGranted;
import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What was shown to go wrong in the breakers and limits people use, done to the adaptive one. */
class AdaptiveWeaknessTest {
    private final AdaptiveBench bench = new AdaptiveBench();

    @Nested
    class OfResilience4j {
        @Test
        void threeOldSuccessesDoNotCloseItWhileOneProbeIsOut() {
            long[] old = bench.acquire(23);
            bench.settle(Arrays.copyOf(old, 20), FAILURE);
            bench.pass(Duration.ofMillis(200));
            assertThat(isGranted(bench.acquire())).isTrue();

            bench.settle(Arrays.copyOfRange(old, 20, 23), SUCCESS);
            bench.pass(Duration.ofMillis(50));
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
        }

        @Test
        void hungProbesDoNotFreezeIt() {
            bench.warm(1);
            bench.ready();
            for (int i = 0; i < 100; i++) {
                bench.acquire();
                bench.pass(Duration.ofSeconds(2));
            }
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(bench.secondsToClose(60)).isLessThan(5);
        }

        @Test
        void aMillionCallsThatNeverReturnOpenItAndAreForgottenWhenTheTargetAnswersAgain() {
            bench.warm(1);
            int admitted = 0;
            for (int i = 0; i < 10_000; i++) {
                for (int call = 0; call < 100; call++) {
                    admitted += isGranted(bench.acquire()) ? 1 : 0;
                }
                bench.pass(Duration.ofNanos(PULSE));
            }
            assertThat(bench.transitions.get(0)).startsWith("CLOSED>OPEN");
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(admitted).isLessThan(3_000);

            assertThat(bench.secondsToClose(60)).isLessThan(5);
            assertThat(bench.breaker.inFlight()).isZero();
        }

        /** With successes between them they are no row, and not most of the calls; they must not fill the limit either. */
        @Test
        void aThirdOfTheCallsThatNeverReturnDoNotFillTheLimitForEver() {
            bench.warm(1);
            int refused = 0;
            for (int i = 0; i < 600; i++) {
                for (int call = 0; call < 500; call++) {
                    refused += isGranted(bench.acquire()) ? 0 : 1;
                    bench.calls(2, 10 * MILLI, SUCCESS);
                }
                bench.pass(Duration.ofNanos(PULSE));
            }
            assertThat(refused).isZero();
            assertThat(bench.transitions).isEmpty();
            assertThat(bench.breaker.inFlight()).isBetween(4_000, 8_000);
            for (int i = 0; i < 20; i++) {
                bench.calls(1_000, 10 * MILLI, SUCCESS);
                bench.pass(Duration.ofNanos(PULSE));
            }
            assertThat(bench.breaker.inFlight()).isZero();
        }

        @Test
        void cancelledOldCallsDoNotMakeRoomForMoreProbes() {
            long[] old = bench.acquire(20);
            bench.ready();
            int admitted = 0;
            for (long permit : old) {
                admitted += isGranted(bench.acquire()) ? 1 : 0;
                bench.settle(permit, IGNORED);
            }
            admitted += isGranted(bench.acquire()) ? 1 : 0;
            assertThat(admitted).isEqualTo(1);
        }

        @Test
        void aStepOfTheClockBackDoesNotKeepItOpen() {
            bench.warm(1);
            bench.trip();
            bench.jump(Duration.ofHours(-1));
            assertThat(bench.secondsToClose(60)).isLessThan(5);
        }

        @Test
        void aStepOfTheClockBackWhileItsProbeHangsDoesNotKeepItOpen() {
            bench.warm(1);
            bench.ready();
            assertThat(isGranted(bench.acquire())).isTrue();
            bench.jump(Duration.ofHours(-1));
            assertThat(bench.secondsToClose(60)).isLessThan(5);
        }

        @Test
        void theClockItIsGivenIsTheOneItUses() {
            AdaptiveBench early = new AdaptiveBench(Strategy.Adaptive.DEFAULT, 7, Long.MAX_VALUE - 2 * PULSE);
            AdaptiveBench late = new AdaptiveBench(Strategy.Adaptive.DEFAULT, 7, 0);
            for (AdaptiveBench one : new AdaptiveBench[] {early, late}) {
                one.warm(1);
                one.trip();
                assertThat(one.secondsToClose(60)).isBetween(0.5, 2.0);
            }
            assertThat(early.transitions).hasSameSizeAs(late.transitions).hasSize(3);
        }

        /** One breaker for ten is for others to prevent; here, that what one of them breaks is a tenth, not all. */
        @Test
        void oneBrokenEndpointOfTenIsNoReasonToRefuseTheOtherNine() {
            for (int i = 0; i < 10_000; i++) {
                bench.calls(1, 10 * MILLI, i % 10 == 0 ? FAILURE : SUCCESS);
                if (i % 20 == 0) {
                    bench.pass(Duration.ofNanos(PULSE));
                }
            }
            assertThat(bench.transitions).isEmpty();
        }

        @Test
        void aBrokenEndpointWithABreakerOfItsOwnGetsNoMoreThanProbes() {
            int admitted = 0;
            for (int i = 0; i < 10_000; i++) {
                long permit = bench.acquire();
                admitted += isGranted(permit) ? 1 : 0;
                bench.settle(permit, FAILURE);
                if (i % 2 == 0) {
                    bench.pass(Duration.ofNanos(PULSE));
                }
            }
            assertThat(admitted).isLessThan(800);
        }
    }

    @Nested
    class OfFailsafe {
        @Test
        void oldResultsDoNotMakeRoomForMoreProbes() {
            long[] old = bench.acquire(8);
            bench.ready();
            int admitted = 0;
            for (int i = 0; i < 30; i++) {
                admitted += isGranted(bench.acquire()) ? 1 : 0;
                bench.settle(old[i % 8], i % 2 == 0 ? SUCCESS : FAILURE);
            }
            assertThat(admitted).isEqualTo(1);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }

        @Test
        void threeOldSuccessesDoNotStandInForTheProbe() {
            long[] old = bench.acquire(3);
            bench.ready();
            long probe = bench.acquire();
            bench.settle(old, SUCCESS);
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            bench.settle(probe, SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(isGranted(bench.acquire())).isTrue();
        }
    }

    @Nested
    class OfNetflixGradient2 {
        /** Every call times out after 5 s, as steadily as if that were its usual latency. */
        @Test
        void aStableTimeoutIsNotTakenForTheUsualLatency() {
            assertThat(inFlightThroughTimeouts(bench)).isLessThan(200);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }

        @Test
        void norIsItByALimitThatMayNotOpen() {
            AdaptiveBench limiting = new AdaptiveBench(new Strategy.Adaptive(false, true, 2, 200), 7, 0);
            int most = inFlightThroughTimeouts(limiting);
            assertThat(limiting.breaker.state()).isEqualTo(CLOSED);
            assertThat(most).isLessThan(100);
        }

        /** Ten seconds of 10 ms, then a minute in which all time out; returns the most in flight after the first ten seconds. */
        private int inFlightThroughTimeouts(AdaptiveBench bench) {
            bench.warm(10);
            ArrayDeque<long[]> out = new ArrayDeque<>();
            int most = 0;
            for (int pulse = 0; pulse < 600; pulse++) {
                out.add(bench.acquire(20));
                if (out.size() > 50) {
                    bench.settle(out.remove(), FAILURE);
                }
                bench.pass(Duration.ofNanos(PULSE));
                if (pulse > 100) {
                    most = Math.max(most, bench.breaker.inFlight());
                }
            }
            return most;
        }
    }
}
