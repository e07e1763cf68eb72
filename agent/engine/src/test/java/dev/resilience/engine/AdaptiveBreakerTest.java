package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.HALF_OPEN;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdaptiveBreakerTest {
    private static final long MILLIS = 1_000_000;
    private static final long PULSE = 100 * MILLIS;

    private final List<String> transitions = new ArrayList<>();
    private long now = -5_000_000_000L;
    private final AdaptiveBreaker breaker = new AdaptiveBreaker(
            BreakerConfig.of(Strategy.Adaptive.DEFAULT),
            new SplittableRandom(7),
            (from, to, counts) -> transitions.add(from + " " + to + " " + counts),
            now);

    @Nested
    class Closed {
        @Test
        void twentyFailuresInARowOpenItAtOnce() {
            fail(19);
            assertThat(breaker.state()).isEqualTo(CLOSED);
            fail(1);
            assertThat(breaker.state()).isEqualTo(OPEN);
            assertThat(transitions).containsExactly("CLOSED OPEN failures=20 in a row");
            assertThat(breaker.tryAcquire(now)).isEqualTo(Breaker.REFUSED);
        }

        @Test
        void aSuccessEndsTheRow() {
            fail(19);
            succeed(1, 10);
            fail(19);
            assertThat(breaker.state()).isEqualTo(CLOSED);
        }

        @Test
        void mostOfManyFailingOpensItThoughNoneAreInARow() {
            for (int second = 0; second < 2 && breaker.state() == CLOSED; second++) {
                for (int i = 0; i < 20; i++) {
                    fail(4);
                    succeed(1, 10);
                }
                pass(Duration.ofMillis(100));
            }
            assertThat(transitions).containsExactly("CLOSED OPEN failures=80/100 in about 1s");
        }

        @Test
        void aThirdFailingDoesNot() {
            for (int i = 0; i < 600; i++) {
                fail(1);
                succeed(2, 10);
                if (i % 10 == 0) {
                    pass(Duration.ofMillis(100));
                }
            }
            assertThat(breaker.state()).isEqualTo(CLOSED);
        }

        @Test
        void callsThatDoNotEndOpenItOnceTheyAreOlderThanAnySeen() {
            warm();
            List<Long> hung = acquire(30);
            pass(Duration.ofMillis(900));
            assertThat(breaker.state()).isEqualTo(CLOSED);
            pass(Duration.ofMillis(300));
            assertThat(breaker.state()).isEqualTo(OPEN);
            assertThat(breaker.inFlight()).isLessThanOrEqualTo(hung.size());
        }

        @Test
        void aCallWrittenOffIsNotCountedAgainWhenItEnds() {
            warm();
            long hung = breaker.tryAcquire(now);
            for (int i = 0; i < 15; i++) {
                succeed(20, 10);
                pass(Duration.ofMillis(100));
            }
            assertThat(breaker.inFlight()).isZero();
            breaker.settle(hung, SUCCESS, now);
            assertThat(breaker.inFlight()).isZero();
            assertThat(breaker.state()).isEqualTo(CLOSED);
        }
    }

    @Nested
    class Open {
        @Test
        void letsOneProbeOutAtATimeAndClosesByARamp() {
            fail(20);
            pass(Duration.ofMillis(300));
            for (int i = 0; i < 3; i++) {
                long probe = breaker.tryAcquire(now);
                assertThat(probe).isNotEqualTo(Breaker.REFUSED);
                assertThat(breaker.tryAcquire(now)).isEqualTo(Breaker.REFUSED);
                assertThat(breaker.state()).isEqualTo(OPEN);
                breaker.settle(probe, SUCCESS, now);
            }
            assertThat(breaker.state()).isEqualTo(HALF_OPEN);
            pass(Duration.ofMillis(500));
            assertThat(breaker.state()).isEqualTo(CLOSED);
            assertThat(transitions)
                    .containsExactly(
                            "CLOSED OPEN failures=20 in a row",
                            "OPEN HALF_OPEN 3 probes in a row succeeded",
                            "HALF_OPEN CLOSED failures=0/0 while recovering");
        }

        @Test
        void aProbeThatHangsFreesItsPlaceAndItsOutcomeIsStale() {
            warm();
            fail(20);
            pass(Duration.ofMillis(200));
            long hung = breaker.tryAcquire(now);
            assertThat(hung).isNotEqualTo(Breaker.REFUSED);
            pass(Duration.ofSeconds(1));
            long next = breaker.tryAcquire(now);
            assertThat(next).isNotEqualTo(Breaker.REFUSED);
            breaker.settle(hung, FAILURE, now);
            breaker.settle(next, SUCCESS, now);
            assertThat(breaker.tryAcquire(now)).isNotEqualTo(Breaker.REFUSED);
        }

        @Test
        void aProbeIsStaleEvenWhenItsGenerationHasComeBack() {
            AdaptiveBench bench = new AdaptiveBench();
            bench.ready();
            long hung = bench.acquire();
            bench.pass(Duration.ofMillis(1_100));
            bench.pass(Duration.ofNanos(bench.breaker.retryAfterNanos(bench.now)));
            long probe = bench.acquire();
            while (Permit.generation(probe) != Permit.generation(hung)) {
                bench.settle(probe, Outcome.IGNORED);
                probe = bench.acquire();
            }
            bench.settle(hung, FAILURE);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isZero();
            bench.settle(probe, SUCCESS);
            assertThat(bench.acquire()).isNotEqualTo(Breaker.REFUSED);
        }

        @Test
        void lateSuccessesOfCallsBegunBeforeOnlyBringAProbeForward() {
            List<Long> old = acquire(10);
            fail(20);
            old.forEach(permit -> breaker.settle(permit, SUCCESS, now));
            assertThat(breaker.state()).isEqualTo(OPEN);
            assertThat(breaker.tryAcquire(now)).isNotEqualTo(Breaker.REFUSED);
            assertThat(breaker.tryAcquire(now)).isEqualTo(Breaker.REFUSED);
        }
    }

    @Nested
    class StalledItself {
        @Test
        void failuresOfCallsThatWereUnderWayAreSetAside() {
            warm();
            List<Long> under = acquire(50);
            now += 3_000 * MILLIS;
            under.forEach(permit -> breaker.settle(permit, FAILURE, now));
            pass(Duration.ofSeconds(1));
            assertThat(breaker.state()).isEqualTo(CLOSED);
            assertThat(breaker.inFlight()).isZero();
            assertThat(breaker.stall(now))
                    .isEqualTo(new Stall(now - 1_000 * MILLIS, now - 1_000 * MILLIS, 2_900 * MILLIS, 50, 50));
        }

        @Test
        void whatTheLatePulseFindsIsSetAsideAndSaidSoForTenSeconds() {
            warm();
            long before = now;
            fail(2);
            succeed(3, 0);
            now = before + 3_000 * MILLIS;
            breaker.pulse(now);
            long noticed = now;
            now += 10_000 * MILLIS;
            assertThat(breaker.stall(now)).isEqualTo(new Stall(noticed, noticed, 2_900 * MILLIS, 2, 5));
            now++;
            assertThat(breaker.stall(now)).isNull();
        }

        @Test
        void manyStallsInARowAreOneForTenSeconds() {
            warm();
            long first = now + 600 * MILLIS;
            for (int i = 0; i < 17; i++) {
                now += 600 * MILLIS;
                breaker.pulse(now);
            }
            assertThat(breaker.stall(now)).isEqualTo(new Stall(first, now, 17 * 500 * MILLIS, 0, 0));
            now += 600 * MILLIS;
            breaker.pulse(now);
            assertThat(breaker.stall(now)).isEqualTo(new Stall(now, now, 500 * MILLIS, 0, 0));
        }

        @Test
        void halfAPulseLateIsOneThatSetsNothingAsideAndLessIsNone() {
            warm();
            now += 150 * MILLIS - 1;
            breaker.pulse(now);
            assertThat(breaker.stall(now)).isNull();
            now += 150 * MILLIS;
            breaker.pulse(now);
            assertThat(breaker.stall(now)).isEqualTo(new Stall(now, 50 * MILLIS));
        }

        @Test
        void twoAndAHalfPulsesAreNoStallThatSetsAnythingAside() {
            for (int late = 0; late < 2; late++) {
                AdaptiveBench bench = new AdaptiveBench();
                for (int i = 0; i < 10; i++) {
                    bench.calls(9, 0, FAILURE);
                    bench.calls(1, 0, SUCCESS);
                }
                bench.jump(Duration.ofMillis(250).plusNanos(late));
                bench.pulse();
                assertThat(bench.breaker.state()).isEqualTo(late == 0 ? OPEN : CLOSED);
            }
        }

        @Test
        void callsThatWereUnderWayAreNoOlderForIt() {
            warm();
            acquire(50);
            now += 3_000 * MILLIS;
            pass(Duration.ofMillis(900));
            assertThat(breaker.state()).isEqualTo(CLOSED);
        }

        @Test
        void aFaultThatBeginsThenStillOpensIt() {
            warm();
            acquire(50);
            now += 3_000 * MILLIS;
            breaker.pulse(now);
            fail(20);
            assertThat(breaker.state()).isEqualTo(OPEN);
        }
    }

    @Nested
    class Nobody {
        @Test
        void pulsesAndStillNothingStaysRefused() {
            fail(20);
            for (int i = 0; i < 100 && breaker.state() != CLOSED; i++) {
                now += 1_100 * MILLIS;
                succeed(5, 1);
            }
            assertThat(breaker.state()).isEqualTo(CLOSED);
        }

        @Test
        void pulsesAndStillAnotherCallIsAdmittedWhenTheProbeHangs() {
            fail(20);
            now += 1_100 * MILLIS;
            assertThat(breaker.tryAcquire(now)).isNotEqualTo(Breaker.REFUSED);
            long next = Breaker.REFUSED;
            for (int i = 0; i < 50 && next == Breaker.REFUSED; i++) {
                now += 100 * MILLIS;
                next = breaker.tryAcquire(now);
            }
            assertThat(next).isNotEqualTo(Breaker.REFUSED);
        }
    }

    /** What it limits the calls in flight by. */
    @Nested
    class Limiting {
        private final AdaptiveBench bench = new AdaptiveBench(new Strategy.Adaptive(false, true, 2, 10_000), 7, 0);

        @ParameterizedTest
        @EnumSource(Outcome.class)
        void goesOnOnceTheCallsOfBeforeHaveEndedHoweverTheyDid(Outcome outcome) {
            long[] before = congest();
            int bound = bench.breaker.limit();
            bench.settle(before, outcome);
            for (int i = 0; i < 3; i++) {
                pulseOfRefusals();
            }
            assertThat(bench.breaker.limit()).isGreaterThan(bound);
        }

        /** They are not the longest of those that ended. Without the refusals on the way the limit would be free by then. */
        @Test
        void growsInThePulseThatGivesUpCallsThatHung() {
            bench.settle(Arrays.copyOf(congest(), 60), SUCCESS);
            long begin = bench.now - PULSE;
            int pulses = 0;
            int limit;
            do {
                limit = bench.breaker.limit();
                bench.calls(15, 10 * MILLIS, SUCCESS);
                boolean isNext = bench.now + PULSE - begin > bench.breaker.patienceNanos();
                if (isNext || ++pulses == 4) {
                    pulseOfRefusals();
                } else {
                    bench.pass(Duration.ofNanos(PULSE));
                }
            } while (bench.breaker.inFlight() > 0);
            assertThat(bench.breaker.limit()).isGreaterThan(limit);
        }

        @Test
        void isNotByCallsThatAStallMadeLong() {
            bench.settle(congest(), SUCCESS);
            for (int i = 0; i < 3; i++) {
                pulseOfRefusals();
            }
            int limit = bench.breaker.limit();
            bench.jump(Duration.ofMillis(1));
            bench.acquire(30);
            bench.jump(Duration.ofSeconds(3));
            bench.pulse();
            bench.pass(Duration.ofMillis(300));
            assertThat(bench.breaker.limit()).isEqualTo(limit);
        }

        /** A calm guard keeps the latencies of a few calls between two pulses. */
        @Test
        void isNotByTheFewLongCallsOfABurstOfWhichMostWereNotSeen() {
            bench.warm(1);
            bench.jump(Duration.ofMillis(1));
            bench.acquire(50);
            bench.calls(950, 10 * MILLIS, SUCCESS);
            bench.pass(Duration.ofMillis(200));
            assertThat(bench.breaker.limit()).isEqualTo(10_000);
        }

        @Test
        void learnsWhatIsUsualFromSeldomCallsInAsMuchTime() {
            bench.warm(10);
            for (int i = 0; i < 6; i++) {
                bench.pass(Duration.ofSeconds(5));
                bench.calls(30, 4 * MILLIS, SUCCESS);
                bench.pass(Duration.ofNanos(PULSE));
            }
            bench.jump(Duration.ofMillis(1));
            bench.acquire(100);
            bench.jump(Duration.ofMillis(13));
            bench.pulse();
            assertThat(bench.breaker.limit()).isLessThan(100);
        }

        /** A hundred calls that take ten times as long as usual, and more. */
        private long[] congest() {
            for (int i = 0; i < 10; i++) {
                bench.calls(40, 10 * MILLIS, SUCCESS);
                bench.pass(Duration.ofNanos(PULSE));
            }
            bench.jump(Duration.ofMillis(1));
            long[] permits = bench.acquire(100);
            bench.pass(Duration.ofNanos(PULSE));
            assertThat(bench.breaker.limit()).isLessThan(100);
            return permits;
        }

        private void pulseOfRefusals() {
            bench.jump(Duration.ofMillis(1));
            long[] permits = bench.acquire(bench.breaker.limit() + 5);
            bench.jump(Duration.ofMillis(10));
            bench.settle(permits, SUCCESS);
            bench.pass(Duration.ofNanos(PULSE));
        }
    }

    /** A limit of the calls in flight and a breaker are two settings. */
    @Nested
    class Unlimited {
        private final AdaptiveBench bench = new AdaptiveBench(new Strategy.Adaptive(true, false, 1, 10_000), 7, 0);

        @Test
        void isUnlimitedAgainOnceItRecovered() {
            bench.trip();
            assertThat(bench.secondsToClose(5)).isLessThan(5);
            assertThat(bench.breaker.limit()).isEqualTo(10_000);
            assertThat(bench.acquire(100)).doesNotContain(Breaker.LIMITED);
        }
    }

    @Nested
    class Bounded {
        @Test
        void recoversWithNoMoreThanTheHighestLimitAndNoLessThanTheLowest() {
            for (Strategy.Adaptive bounds :
                    List.of(new Strategy.Adaptive(true, true, 1, 2), new Strategy.Adaptive(true, true, 10, 40))) {
                AdaptiveBench bench = new AdaptiveBench(bounds, 7, 0);
                bench.trip();
                while (bench.breaker.state() != HALF_OPEN) {
                    bench.pass(Duration.ofMillis(100));
                    bench.calls(1, MILLIS, SUCCESS);
                }
                assertThat(bench.breaker.limit()).isBetween(bounds.minLimit(), bounds.maxLimit());
            }
        }
    }

    /** As a guard that nobody calls: nobody pulses it while it is still. */
    @Nested
    class Still {
        @Test
        void connectionsThatTakeLongToFailAreNoStall() {
            AdaptiveBench bench = new AdaptiveBench();
            for (int i = 0; i < 20; i++) {
                long permit = bench.breaker.tryAcquireUncounted(bench.now);
                for (int pulse = 0; pulse < 30; pulse++) {
                    bench.jump(Duration.ofMillis(100));
                    if (!bench.breaker.isStill()) {
                        bench.pulse();
                    }
                }
                bench.settle(permit, FAILURE);
            }
            assertThat(bench.transitions).containsExactly("CLOSED>OPEN failures=20 in a row");
        }

        @Test
        void isNotBeforeWhatEndedLastWasCounted() {
            AdaptiveBench bench = new AdaptiveBench();
            long[] slow = bench.acquire(15);
            bench.pass(Duration.ofMillis(200));
            bench.settle(slow, FAILURE);
            bench.pass(Duration.ofMillis(100));
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }
    }

    /** From wherever a random walk leads: if all calls succeed from there on, it is closed within five seconds. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void isClosedWithinFiveSecondsOfSuccesses(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Long> open = new ArrayList<>();
        for (int walk = 0; walk < 40; walk++) {
            double failing = random.nextDouble();
            for (int step = random.nextInt(3_000); step > 0; step--) {
                walkOn(random, failing, open);
            }
            assertThat(breaker.inFlight()).isLessThanOrEqualTo(Math.max(open.size(), 0));
            for (int i = 0; i < 50; i++) {
                for (int call = 0; call < 20; call++) {
                    succeed(1, 1);
                }
                pass(Duration.ofNanos(PULSE));
            }
            assertThat(breaker.state()).as("walk %s of seed %s", walk, seed).isEqualTo(CLOSED);
        }
        open.forEach(permit -> breaker.settle(permit, SUCCESS, now));
        assertThat(breaker.inFlight()).isZero();
    }

    private void walkOn(SplittableRandom random, double failing, List<Long> open) {
        int what = random.nextInt(100);
        if (what < 50) {
            long permit = breaker.tryAcquire(now);
            if (permit != Breaker.REFUSED && permit != Breaker.LIMITED) {
                open.add(permit);
            }
        } else if (what < 90 && !open.isEmpty()) {
            long permit = open.remove(random.nextInt(open.size()));
            Outcome outcome = random.nextDouble() < failing ? FAILURE : SUCCESS;
            breaker.settle(permit, random.nextInt(20) == 0 ? Outcome.IGNORED : outcome, now);
        } else if (what < 99) {
            now += random.nextInt(30) * MILLIS;
            breaker.pulse(now);
        } else {
            now += random.nextInt(2_000) * MILLIS;
        }
    }

    /** A second of calls that take 10 ms. */
    private void warm() {
        for (int i = 0; i < 10; i++) {
            succeed(20, 10);
            pass(Duration.ofNanos(PULSE));
        }
    }

    private void succeed(int calls, int millis) {
        for (int i = 0; i < calls; i++) {
            long permit = breaker.tryAcquire(now - millis * MILLIS);
            breaker.settle(permit, SUCCESS, now);
        }
    }

    private void fail(int calls) {
        acquire(calls).forEach(permit -> breaker.settle(permit, FAILURE, ++now));
    }

    private List<Long> acquire(int calls) {
        List<Long> permits = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            permits.add(breaker.tryAcquire(now));
        }
        return permits;
    }

    private void pass(Duration time) {
        for (long end = now + time.toNanos(); now < end; ) {
            now = Math.min(end, now + PULSE);
            breaker.pulse(now);
        }
    }
}
