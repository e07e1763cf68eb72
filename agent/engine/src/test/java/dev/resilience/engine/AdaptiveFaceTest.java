package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What layers, a pool and the telemetry ask of an adaptive breaker, and tell it. */
class AdaptiveFaceTest {
    private static final long MILLI = AdaptiveBench.MILLI;
    private static final Duration PULSE = Duration.ofNanos(AdaptiveBench.PULSE);

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
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isBetween(80 * MILLI, 120 * MILLI);
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
            bench.pass(Duration.ofSeconds(1).minusNanos(1));
            assertThat(bench.acquire()).isEqualTo(Breaker.REFUSED);
            bench.pass(Duration.ofNanos(1));
            assertThat(AdaptiveBench.isGranted(bench.acquire())).isTrue();
        }

        @Test
        void norAfterAProbeThatHungHasBeenAnswered() {
            bench.ready();
            long hung = bench.acquire();
            while (bench.breaker.retryAfterNanos(bench.now) == 0) {
                bench.pass(PULSE);
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

    /** As where enough instances of its service are open already. */
    @Nested
    class Spared {
        @BeforeEach
        void mayNotOpen() {
            bench.calls(40, MILLI, Outcome.SUCCESS);
            bench.mayOpen = false;
            bench.calls(19, 0, Outcome.FAILURE);
        }

        @Test
        void staysClosedAndSaysThatItWouldBeOpen() {
            assertThat(bench.breaker.isBlamed()).isFalse();
            bench.calls(1, 0, Outcome.FAILURE);
            assertThat(bench.breaker.isBlamed()).isTrue();
            assertThat(bench.transitions).isEmpty();
            bench.pulse();
            assertThat(bench.breaker.isBlamed()).isTrue();
        }

        @Test
        void opensWithTheNextFailureOnceItMay() {
            bench.calls(2, 0, Outcome.FAILURE);
            bench.mayOpen = true;
            bench.calls(1, 0, Outcome.FAILURE);
            assertThat(bench.transitions).containsExactly("CLOSED>OPEN failures=22 in a row");
            assertThat(bench.breaker.isBlamed()).isFalse();
        }

        @Test
        void isBlamedNoMoreOnceACallSucceeded() {
            bench.calls(1, 0, Outcome.FAILURE);
            bench.calls(1, MILLI, Outcome.SUCCESS);
            bench.pulse();
            assertThat(bench.breaker.isBlamed()).isFalse();
        }
    }

    /** What it tells the telemetry, pulse by pulse. */
    @Nested
    class Counts {
        @Test
        void areOfTheCallsThatEndedSinceThePulseBefore() {
            bench.pass(PULSE);
            bench.calls(3, MILLI, Outcome.SUCCESS);
            bench.calls(2, MILLI, Outcome.FAILURE);
            bench.calls(1, MILLI, Outcome.IGNORED);
            bench.acquire();
            bench.pass(PULSE);
            assertThat(counted().nanos()).isEqualTo(AdaptiveBench.PULSE);
            assertThat(counted().successes()).isEqualTo(3);
            assertThat(counted().latencies().size()).isEqualTo(3);
            assertThat(counted().failures()).isEqualTo(2);
            assertThat(counted().others()).isEqualTo(1);
            assertThat(counted().ended()).isEqualTo(6);
            assertThat(counted().inFlight()).isEqualTo(1);
            assertThat(counted().isClosed()).isTrue();
        }

        @Test
        void sayOfACallThatWasGivenUpThatAndNoMore() {
            bench.warm(1);
            bench.acquire();
            for (bench.pulse(); bench.breaker.inFlight() > 0; ) {
                bench.pass(PULSE);
            }
            assertThat(counted().givenUp()).isEqualTo(1);
            assertThat(counted().failures()).isZero();
        }

        /** It began in the future: nobody will ever know how long it took. */
        @Test
        void sayOfACallFromBeforeTheClockWasSetBackThatItEndedSomehow() {
            bench.acquire();
            bench.jump(Duration.ofHours(-1));
            bench.pulse();
            assertThat(bench.breaker.inFlight()).isZero();
            assertThat(counted().givenUp()).isZero();
            assertThat(counted().others()).isEqualTo(1);
        }

        @Test
        void areOfConnectionsToo() {
            bench.pass(Duration.ofSeconds(1));
            bench.settle(bench.breaker.tryAcquireUncounted(bench.now), Outcome.SUCCESS);
            bench.pass(PULSE);
            assertThat(counted().others()).isEqualTo(1);
        }

        @Test
        void sayOnceThatACallWasRefusedThoughNobodyPulsed() {
            AdaptiveBench two = new AdaptiveBench(new Strategy.Adaptive(true, true, 1, 2), 7, 0);
            two.acquire(2);
            two.jump(Duration.ofSeconds(2));
            assertThat(two.acquire()).isEqualTo(Breaker.LIMITED);
            two.pulse();
            assertThat(two.counted).isNotNull();
            assertThat(two.counted.refusals()).isEqualTo(1);
        }

        private Counted counted() {
            assertThat(bench.counted).isNotNull();
            return bench.counted;
        }
    }

    /** Each thread has a place of its own then, where its calls are counted. */
    @Nested
    class Busy {
        @BeforeEach
        void getsHot() {
            bench.heat();
        }

        @Test
        void opensAfterTwentyFailuresInARow() {
            bench.calls(19, MILLI, Outcome.FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.CLOSED);
            bench.calls(1, MILLI, Outcome.FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(BreakerState.OPEN);
        }

        @Test
        void setsASuccessAsideThatWasHeldUpByAStall() {
            long permit = bench.acquire();
            bench.jump(Duration.ofSeconds(3));
            bench.settle(permit, Outcome.SUCCESS);
            bench.acquire();
            bench.pass(PULSE);
            assertThat(bench.counted).isNotNull();
            assertThat(bench.counted.successes()).isZero();
            assertThat(bench.counted.others()).isEqualTo(1);
        }

        @Test
        void isSoByItsFailuresToo() {
            AdaptiveBench failing = new AdaptiveBench();
            for (int i = 0; i < 4; i++) {
                for (int call = 0; call < 6_000; call++) {
                    failing.calls(1, MILLI, Outcome.SUCCESS);
                    failing.calls(call % 6 == 0 ? 0 : 1, MILLI, Outcome.FAILURE);
                }
                failing.pass(PULSE);
            }
            assertThat(failing.transitions).isEmpty();
            assertThat(failing.breaker.isHot()).isTrue();
        }
    }

    @Nested
    class Age {
        @Test
        void isNotOfTheTimeInWhichOurOwnProcessStood() {
            long permit = bench.acquire();
            bench.pass(PULSE);
            assertThat(bench.breaker.ageNanos(permit, bench.now)).isCloseTo(AdaptiveBench.PULSE, within(2_048L));
            bench.jump(Duration.ofSeconds(3));
            bench.pulse();
            assertThat(bench.breaker.ageNanos(permit, bench.now)).isZero();
            bench.pass(PULSE);
            assertThat(bench.breaker.ageNanos(permit, bench.now)).isEqualTo(AdaptiveBench.PULSE);
        }

        /** Else calls that nobody timed would seem slow while they are in flight. */
        @Test
        void ofACallThatIsNotTimedBeginsWithTheNextPulse() {
            long permit = bench.breaker.tryAcquireUntimed();
            assertThat(bench.breaker.ageNanos(permit, bench.now)).isNegative();
            bench.pass(PULSE);
            assertThat(bench.breaker.ageNanos(permit, bench.now)).isCloseTo(0, within(2_048L));
        }
    }

    @Test
    void hasTheConfigurationItWasGiven() {
        assertThat(bench.breaker.config()).isEqualTo(BreakerConfig.of(Strategy.Adaptive.DEFAULT));
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
