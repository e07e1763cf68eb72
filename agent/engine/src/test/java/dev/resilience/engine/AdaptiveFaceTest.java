package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What layers, a pool and the telemetry ask of an adaptive breaker, and tell it. */
class AdaptiveFaceTest {
    private final AdaptiveBench bench = new AdaptiveBench();

    @Nested
    class OpenedFromOutside {
        @Test
        void refusesAndSaysWhy() {
            bench.breaker.open("the service", false, bench.now);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.OPEN);
            assertThat(bench.breaker.cause()).isEqualTo("the service");
            assertThat(bench.transitions).containsExactly("CLOSED>OPEN the service");
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            assertThat(bench.breaker.retryAfterNanos(bench.now))
                    .isBetween(80 * AdaptiveBench.MILLI, 120 * AdaptiveBench.MILLI);
        }

        @Test
        void changesNothingWhereItIsOpenAlready() {
            bench.trip();
            bench.breaker.open("the service", false, bench.now);
            assertThat(bench.breaker.cause()).contains("in a row");
            assertThat(bench.transitions).hasSize(1);
        }

        @Test
        void letsNoProbeOutWhileItIsHeldForASecond() {
            bench.breaker.open("the service", true, bench.now);
            bench.pass(Duration.ofMillis(900));
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            bench.pass(Duration.ofMillis(200));
            assertThat(AdaptiveBench.isGranted(bench.acquire())).isTrue();
        }

        @Test
        void norAfterAProbeThatHungHasBeenAnswered() {
            bench.ready();
            long hung = bench.acquire();
            while (bench.breaker.retryAfterNanos(bench.now) == 0) {
                bench.pass(Duration.ofMillis(100));
            }
            bench.breaker.open("the objective", true, bench.now);
            bench.settle(hung, Outcome.SUCCESS);
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
        }

        @Test
        void takesBackTheProbeThatWasReadyIfItIsHeld() {
            bench.ready();
            bench.breaker.open("the service", true, bench.now);
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            assertThat(bench.transitions).hasSize(1);
        }
    }

    @Nested
    class Readmitted {
        @Test
        void isClosedAtOnceWithoutALimit() {
            bench.trip();
            bench.breaker.readmit("the service", bench.now);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.CLOSED);
            assertThat(bench.breaker.cause()).isNull();
            assertThat(bench.breaker.limit()).isEqualTo(Strategy.Adaptive.DEFAULT.maxLimit());
            assertThat(bench.transitions).last().isEqualTo("OPEN>CLOSED the service");
            bench.acquire(100);
            assertThat(bench.breaker.inFlight()).isEqualTo(100);
        }

        @Test
        void changesNothingWhereItIsClosed() {
            long permit = bench.acquire();
            bench.breaker.readmit("the service", bench.now);
            bench.settle(permit, Outcome.SUCCESS);
            assertThat(bench.breaker.inFlight()).isZero();
            assertThat(bench.transitions).isEmpty();
        }
    }

    @Nested
    class Uncounted {
        @Test
        void isNotInFlightNorLimited() {
            long permit = bench.breaker.tryAcquireUncounted(bench.now);
            assertThat(AdaptiveBench.isGranted(permit)).isTrue();
            assertThat(bench.breaker.inFlight()).isZero();
            bench.settle(permit, Outcome.SUCCESS);
            assertThat(bench.breaker.inFlight()).isZero();
        }

        @Test
        void aSuccessEndsTheRowAndFailuresOpenIt() {
            bench.calls(19, 0, Outcome.FAILURE);
            bench.settle(bench.breaker.tryAcquireUncounted(bench.now), Outcome.SUCCESS);
            for (int i = 0; i < 19; i++) {
                bench.settle(bench.breaker.tryAcquireUncounted(bench.now), Outcome.FAILURE);
            }
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.CLOSED);
            bench.settle(bench.breaker.tryAcquireUncounted(bench.now), Outcome.FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.OPEN);
            assertThat(bench.breaker.tryAcquireUncounted(bench.now)).isEqualTo(Breaker.REFUSED);
        }

        @Test
        void mayBeTheProbe() {
            bench.ready();
            long probe = bench.breaker.tryAcquireUncounted(bench.now);
            assertThat(Permit.place(probe)).isEqualTo(Permit.PROBE);
        }
    }

    @Nested
    class Untimed {
        @Test
        void leavesWhenItSucceededOnce() {
            long permit = bench.breaker.tryAcquireUntimed();
            assertThat(bench.breaker.inFlight()).isEqualTo(1);
            bench.breaker.settleUntimed(permit);
            bench.breaker.settleUntimed(permit);
            assertThat(bench.breaker.inFlight()).isZero();
            bench.breaker.settleUntimed(Breaker.REFUSED);
            bench.breaker.settleUntimed(Breaker.LIMITED);
            assertThat(bench.breaker.inFlight()).isZero();
        }

        @Test
        void mayBeTheProbe() {
            bench.ready();
            bench.breaker.settleUntimed(bench.breaker.tryAcquireUntimed());
            bench.pass(Duration.ofSeconds(1));
            assertThat(AdaptiveBench.isGranted(bench.acquire()))
                    .as("the next probe")
                    .isTrue();
        }

        @Test
        void ofBeforeTheOutageBringsAProbeForward() {
            long permit = bench.breaker.tryAcquireUntimed();
            bench.trip();
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            bench.breaker.settleUntimed(permit);
            assertThat(AdaptiveBench.isGranted(bench.acquire())).isTrue();
        }
    }

    @Test
    void tellsOfItsCallsAndItsLimit() {
        bench.acquire(3);
        assertThat(bench.breaker.counts(bench.breaker.tally())).isEqualTo("inFlight=3, limit=10000");
    }

    @Test
    void anIgnoredProbeLetsTheNextOneOut() {
        bench.ready();
        bench.settle(bench.acquire(), Outcome.IGNORED);
        assertThat(AdaptiveBench.isGranted(bench.acquire())).isTrue();
    }

    @Test
    void restsOnceItHasForgottenWhatItCounted() {
        bench.warm(1);
        assertThat(bench.breaker.isAtRest()).isFalse();
        bench.pass(Duration.ofMinutes(10));
        assertThat(bench.breaker.isAtRest()).isTrue();
        bench.acquire();
        assertThat(bench.breaker.isAtRest()).isFalse();
    }
}
