package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each decision of the limit by itself, on what it is told; {@link AdaptiveLimitTest} has it before a target. */
class AdaptiveLimitDecisionsTest {
    /*
     * Latencies are in units of which the middles of the buckets are 17, 19, .. 31, 34, 38, .. 62, 68, 76, .. 124 and so on.
     * The usual latency is 25 of them: near ends at 29.75, queued begins at 35.25, congested at 50.
     */
    private static final long UNIT = 1 << 18;

    private static final int USUAL = 25;
    private static final long SECOND = 1_000_000_000;
    private static final int MOST = 10_000;

    private AdaptiveLimit limit = new AdaptiveLimit(2, MOST);
    private long timeOfDay;

    private static Sample calls(int count, int units, long nanos, long refusals) {
        Sample sample = new Sample(nanos, refusals);
        sample.add(Latencies.bucketOf(units * UNIT), count);
        return sample;
    }

    private static Sample calls(int count, int units) {
        return calls(count, units, 1, 0);
    }

    private static Sample and(Sample sample, int count, int units) {
        sample.add(Latencies.bucketOf(units * UNIT), count);
        return sample;
    }

    private boolean decide(Sample seen, int inFlight) {
        return limit.decide(
                seen,
                () -> {
                    throw new AssertionError("asked for the cohort without a suspicion");
                },
                inFlight);
    }

    /** Nothing but the cohort matters. */
    private boolean decideBy(Sample cohort, int inFlight) {
        return limit.decide(calls(30, 100), () -> cohort, inFlight);
    }

    private boolean decideBy(Sample cohort) {
        return decideBy(cohort, 0);
    }

    private boolean isPassing(long ended, long nanos) {
        timeOfDay += nanos;
        return limit.isPassing(ended, nanos, timeOfDay);
    }

    private void knowUsual() {
        assertThat(decide(calls(30, USUAL), 0)).isTrue();
    }

    private double usual() {
        return limit.usualNanos() / UNIT;
    }

    @Nested
    class WithoutAUsualLatency {
        @Test
        void hasNoLimitAndTakesNothingForSlow() {
            assertThat(limit.limit()).isEqualTo(MOST);
            assertThat(limit.usualNanos()).isZero();
            assertThat(limit.slowNanos()).isInfinite();
            assertThat(limit.isSelective()).isFalse();
        }

        @Test
        void sevenCallsTellIt() {
            assertThat(decide(calls(6, USUAL), 1)).isFalse();
            assertThat(limit.usualNanos()).isZero();
            assertThat(decide(calls(7, USUAL), 1)).isTrue();
            assertThat(usual()).isEqualTo(USUAL);
            assertThat(limit.slowNanos()).isEqualTo(50.0 * UNIT);
        }

        @Test
        void notUntilFourTimesAsManyHaveEndedAsAreInFlight() {
            assertThat(decide(calls(39, USUAL), 10)).isFalse();
            assertThat(decide(calls(40, USUAL), 10)).isTrue();
        }

        @Test
        void butNoLongerThanASecondNorFourTimesWhatIsSeen() {
            assertThat(decide(calls(7, USUAL, SECOND - 1, 0), 1_000)).isFalse();
            assertThat(decide(calls(7, USUAL, SECOND, 0), 1_000)).isTrue();

            limit = new AdaptiveLimit(2, MOST);
            assertThat(decide(calls(7, 4_352, 4 * 4_352 * UNIT - 1, 0), 1_000)).isFalse();
            assertThat(decide(calls(7, 4_352, 4 * 4_352 * UNIT, 0), 1_000)).isTrue();
        }

        @Test
        void afterAnOutageItIsFreeOfALimitOnceItKnows() {
            limit.restart(10);
            assertThat(decide(calls(30, USUAL), 0)).isTrue();
            assertThat(limit.limit()).isEqualTo(10);
            decideBy(calls(30, USUAL, SECOND, 0));
            assertThat(limit.limit()).isEqualTo(MOST);
        }
    }

    @Nested
    class Free {
        @BeforeEach
        void know() {
            knowUsual();
        }

        @ParameterizedTest(name = "from 25 to {0} with {1} calls in {2} s")
        @CsvSource({"50, 30, 1, 0.5, 10", "50, 90, 20, 0.75, 10", "17, 30, 1, 0.5, 1", "17, 90, 3, 0.75, 1"})
        void theUsualFollowsDownWithinASecondAndUpWithinTen(
                int units, int calls, int seconds, double weight, double secondsToFollow) {
            assertThat(decide(calls(calls, units, seconds * SECOND, 0), 0)).isTrue();
            assertThat(usual())
                    .isCloseTo(
                            USUAL + (units - USUAL) * weight * (1 - Math.exp(-seconds / secondsToFollow)),
                            within(1e-9));
        }

        @Test
        void learnsFromSevenThatAgreeOrThirtyThatDoNot() {
            assertThat(decide(calls(6, USUAL), 0)).isFalse();
            assertThat(decide(calls(7, USUAL), 0)).isTrue();
            assertThat(decide(and(calls(6, USUAL), 1, 100), 0)).isFalse();
            assertThat(decide(and(calls(14, USUAL), 15, 100), 0)).isFalse();
            assertThat(decide(and(calls(15, USUAL), 15, 100), 0)).isTrue();
        }

        @Test
        void looksAtNothingButTheCohortWhileItSuspectsAQueue() {
            decideBy(calls(0, 0), 0);
            assertThat(limit.isSelective()).isTrue();
            assertThat(limit.limit()).isEqualTo(MOST);
            decide(calls(7, USUAL), 0);
            assertThat(limit.isSelective()).isFalse();
        }

        @Test
        void whatOurOwnProcessAddedIsNotSuspicious() {
            limit.slack(50 * UNIT);
            assertThat(limit.slowNanos()).isEqualTo(100.0 * UNIT);
            assertThat(decide(calls(30, 100), 1_000)).isTrue();
            assertThat(limit.isSelective()).isFalse();
        }
    }

    @Nested
    class Suspicious {
        @BeforeEach
        void know() {
            knowUsual();
        }

        @Test
        void elevenSlowCallsAreProof() {
            assertThat(decideBy(calls(10, 100), 100)).isFalse();
            assertThat(limit.limit()).isEqualTo(MOST);
            assertThat(decideBy(calls(11, 100), 100)).isTrue();
            assertThat(limit.limit()).isEqualTo(100);
            assertThat(limit.isSelective()).isTrue();
        }

        /** Eleven calls begun in the time of 22 / 25 of one: 12.5 at once if each took as long as is usual; twice that is borne. */
        @ParameterizedTest(name = "{0} begun in {1}, of 100 in flight")
        @CsvSource({"11, 22, 50", "22, 44, 50", "11, 1, 100", "11, 100000, 10"})
        void bindsTheLimitBetweenWhatIsInFlightAndWhatWouldBeWithoutTheExcess(int calls, int units, int expected) {
            assertThat(decideBy(calls(calls, 100, units * UNIT, 0), 100)).isTrue();
            assertThat(limit.limit()).isEqualTo(expected);
        }

        @Test
        void whatWasBegunBeforeItWasBoundGoesByFirst() {
            assertThat(isPassing(0, 0)).isFalse();
            decideBy(calls(11, 100), 100);
            assertThat(isPassing(60, 0)).isTrue();
            assertThat(isPassing(40, 0)).isTrue();
            assertThat(isPassing(1, 0)).isFalse();
        }

        @Test
        void isEndedByACohortThatIsNotSlow() {
            assertThat(decideBy(calls(30, 50, 100 * UNIT - 1, 0), 100)).isFalse();
            assertThat(decideBy(calls(6, 50, 100 * UNIT, 0), 100)).isFalse();
            assertThat(usual()).isEqualTo(USUAL);
            assertThat(decideBy(calls(30, 50, 100 * UNIT, 0), 100)).isTrue();
            assertThat(usual()).isGreaterThan(USUAL);
            assertThat(limit.limit()).isEqualTo(MOST);
        }
    }

    @Nested
    class ABurst {
        @BeforeEach
        void know() {
            knowUsual();
        }

        /** So many in flight without harm, for as long as it takes to know that. */
        private void bear(int inFlight) {
            pulse(50 * UNIT, inFlight);
            pulse(50 * UNIT, 0);
        }

        private void pulse(long nanos, int inFlight) {
            isPassing(0, nanos);
            decide(calls(30, USUAL), inFlight);
        }

        private void isBorneUpTo(int inFlight) {
            decideBy(calls(11, 100), inFlight);
            assertThat(limit.limit()).isEqualTo(MOST);
            decideBy(calls(11, 100), inFlight + 1);
            assertThat(limit.limit()).isEqualTo(inFlight + 1);
        }

        @Test
        void ofTwiceAsManyAsWereBorneIsBorne() {
            bear(10);
            isBorneUpTo(20);
        }

        @Test
        void isBorneOnceItsCallsHaveHadTheTimeToEnd() {
            pulse(50 * UNIT, 10);
            pulse(50 * UNIT - 1, 0);
            decideBy(calls(11, 100), 11);
            assertThat(limit.limit()).isEqualTo(11);
        }

        @Test
        void theMostOfAWhileIsWhatWasBorne() {
            pulse(50 * UNIT, 0);
            pulse(25 * UNIT, 10);
            pulse(25 * UNIT, 3);
            pulse(50 * UNIT, 0);
            isBorneUpTo(20);
        }

        /** A 2.718th is left of a hundred. */
        @Test
        void isForgottenWithinAMinute() {
            bear(100);
            pulse(60 * SECOND, 1);
            isBorneUpTo(73);
        }

        @Test
        void meanwhileItIsNotKnownWhetherItIsBorne() {
            pulse(50 * UNIT, 100);
            decideBy(calls(10, 100), 100);
            bear(10);
            isBorneUpTo(20);
        }

        @Test
        void norWhatBeganRightBefore() {
            pulse(25 * UNIT, 100);
            decideBy(calls(10, 100), 100);
            pulse(25 * UNIT, 10);
            pulse(50 * UNIT, 0);
            isBorneUpTo(20);
        }

        @Test
        void isNoneOnceItHasLastedForTwoSeconds() {
            bear(100);
            assertThat(decideBy(calls(11, 100, SECOND, 0), 100)).isTrue();
            assertThat(decideBy(calls(10, 100, SECOND, 0), 100)).isFalse();
            assertThat(decideBy(calls(11, 100, SECOND - 1, 0), 100)).isTrue();
            assertThat(limit.limit()).isEqualTo(MOST);
            assertThat(decideBy(calls(11, 100, 1, 0), 100)).isTrue();
            assertThat(limit.limit()).isEqualTo(100);
        }

        /** The calls that were sure are not asked for again: as soon as enough are in flight they are too many. */
        @Test
        void isNoneOnceTwiceAsManyAreInFlightThoughTheCohortIsNotSureYet() {
            bear(10);
            assertThat(decideBy(calls(10, 100), 21)).isFalse();
            assertThat(limit.limit()).isEqualTo(MOST);
            assertThat(decideBy(calls(11, 100, 22 * UNIT, 0), 20)).isTrue();
            assertThat(limit.limit()).isEqualTo(MOST);
            assertThat(decideBy(calls(3, 100, UNIT, 0), 20)).isFalse();
            assertThat(decideBy(calls(3, 100, UNIT, 0), 100)).isTrue();
            assertThat(limit.limit()).as("by how many came when it was sure").isEqualTo(50);
        }

        @Test
        void isAnotherAfterItWasBound() {
            bear(10);
            decideBy(calls(11, 100), 15);
            decideBy(calls(3, 100), 21);
            decideBy(calls(30, USUAL, SECOND, 0));
            assertThat(limit.limit()).as("free").isEqualTo(MOST);
            decideBy(calls(3, 100), 100);
            assertThat(limit.limit()).isEqualTo(MOST);
        }

        @Test
        void isAnotherAfterNothingWasSuspicious() {
            bear(100);
            decideBy(calls(11, 100, SECOND, 0), 100);
            decide(calls(30, USUAL), 100);
            decideBy(calls(11, 100, SECOND, 0), 100);
            assertThat(limit.limit()).isEqualTo(MOST);
        }

        @Test
        void isAnotherAfterACohortThatWasNotSlow() {
            bear(100);
            decideBy(calls(11, 100, SECOND, 0), 100);
            decideBy(calls(30, USUAL, 100 * UNIT, 0), 100);
            decideBy(calls(11, 100, SECOND, 0), 100);
            assertThat(limit.limit()).isEqualTo(MOST);
        }
    }

    @Nested
    class Bound {
        @BeforeEach
        void know() {
            knowUsual();
        }

        /** Bound at so many in flight. */
        private void bindAt(int inFlight) {
            decideBy(calls(11, 100), inFlight);
            assertThat(limit.limit()).isEqualTo(inFlight);
        }

        private Sample refused(int units) {
            return calls(30, units, 1, 1);
        }

        @Test
        void waitsForThirtyCallsOrSevenNearTheUsual() {
            bindAt(100);
            assertThat(decideBy(calls(29, 42))).isFalse();
            assertThat(decideBy(calls(30, 42))).isTrue();
            assertThat(decideBy(calls(6, 29))).isFalse();
            assertThat(decideBy(and(calls(6, 29), 1, 100))).isFalse();
            assertThat(decideBy(calls(7, 31))).isFalse();
            assertThat(decideBy(calls(7, 29))).isTrue();
        }

        /** A half of NEAR less one, or of a root, at the usual latency or below, and nothing at NEAR. */
        @ParameterizedTest(name = "of {0} at {1}: by {2}")
        @CsvSource({
            "400, 19, 38", "400, 25, 38", "400, 27, 20.37", "400, 29, 5.17",
            "16, 19, 2", "16, 25, 2", "16, 27, 1.07", "16, 29, 0.27"
        })
        void growsWhileItRefusesByWhatIsMissingToNear(int from, int units, double by) {
            bindAt(from);
            decideBy(calls(30, units));
            assertThat(limit.limit()).isEqualTo(from);
            decideBy(refused(units));
            assertThat(limit.limit()).isEqualTo((int) (from + by));
        }

        @Test
        void growsBetweenNearAndQueuedOnlyWhileFewOfOurOwnWait() {
            bindAt(400);
            decideBy(refused(31));
            decideBy(refused(34));
            assertThat(limit.limit()).isEqualTo(400);
            bindAgainAt(12);
            decideBy(refused(34));
            decideBy(refused(34));
            assertThat(limit.limit()).as("3.2 wait").isEqualTo(12);
            bindAgainAt(9);
            decideBy(refused(34));
            assertThat(limit.limit()).as("by a quarter of the root").isEqualTo(9);
            decideBy(refused(34));
            assertThat(limit.limit()).isEqualTo(10);
            decideBy(calls(30, 34));
            decideBy(calls(30, 34));
            assertThat(limit.limit()).isEqualTo(10);
        }

        private void bindAgainAt(int inFlight) {
            limit = new AdaptiveLimit(2, MOST);
            knowUsual();
            bindAt(inFlight);
        }

        @Test
        void whatOurOwnProcessAddedIsNear() {
            bindAt(400);
            limit.slack(5 * UNIT);
            decideBy(refused(31));
            assertThat(limit.limit()).isEqualTo(424);

            limit.restart(400);
            limit.slack(5 * UNIT / 4);
            decideBy(refused(31));
            assertThat(limit.limit()).isEqualTo(400);
            limit.slack(5 * UNIT / 4 + 1);
            decideBy(refused(31));
            assertThat(limit.limit()).isEqualTo(800);
        }

        @Test
        void whatOurOwnProcessAddedIsNotQueued() {
            bindAt(400);
            limit.slack(3 * UNIT / 4 + 1);
            decideBy(calls(30, 38));
            assertThat(limit.limit()).isEqualTo(400);
            limit.slack(3 * UNIT / 4 - 1);
            decideBy(calls(30, 38));
            assertThat(limit.limit()).isEqualTo(313);
        }

        @Test
        void whatWasBegunBeforeItGrewGoesByFirst() {
            limit.restart(100);
            decideBy(refused(USUAL), 70);
            assertThat(isPassing(70, 0)).isTrue();
            assertThat(isPassing(0, 0)).isFalse();
        }

        @Test
        void theUsualFallsButNeverRisesByWhatIsNear() {
            bindAt(100);
            decideBy(calls(30, 31, SECOND / 2, 0));
            assertThat(usual()).isEqualTo(USUAL);
            decideBy(calls(29, 19, SECOND / 4, 0));
            assertThat(usual()).isEqualTo(USUAL);
            decideBy(calls(30, 19, SECOND / 8, 0));
            assertThat(usual()).isBetween(19.0, USUAL - 0.1);
        }

        @Test
        void isCutToWhereItWouldBeNearTheUsual() {
            bindAt(100);
            decideBy(calls(30, 46), 90);
            assertThat(limit.limit()).isEqualTo(64);
            assertThat(isPassing(90, 0)).isTrue();
            assertThat(isPassing(0, 0)).isFalse();
        }

        @Test
        void isCutByNoMoreThanFourTenths() {
            bindAt(100);
            decideBy(calls(30, 200));
            assertThat(limit.limit()).isEqualTo(60);
        }

        @Test
        void isCutWhileMoreThanThreeOfOurOwnCallsWait() {
            bindAt(7);
            decideBy(calls(30, 50));
            assertThat(limit.limit()).isEqualTo(4);
            bindAgainAt(6);
            decideBy(refused(50));
            decideBy(refused(50));
            assertThat(limit.limit()).isEqualTo(6);
            bindAgainAt(7);
            limit.slack(4 * UNIT);
            decideBy(calls(30, 50));
            assertThat(limit.limit()).isEqualTo(7);
        }

        @Test
        void growsWhileFewerOfOurOwnCallsWait() {
            bindAt(4);
            decideBy(calls(30, 50));
            assertThat(limit.limit()).isEqualTo(4);
            decideBy(refused(50));
            decideBy(refused(50));
            assertThat(limit.limit()).isEqualTo(5);
        }

        @Test
        void queuedBeginsAtItsBound() {
            limit.restart(100);
            limit.slack(11 * UNIT / 4);
            decideBy(refused(38));
            limit.slack(0);
            decideBy(refused(USUAL));
            assertThat(limit.limit()).as("doubles no more").isEqualTo(109);
        }

        @Test
        void isNeverLessThanTheLeast() {
            limit = new AdaptiveLimit(50, MOST);
            knowUsual();
            limit.restart(7);
            assertThat(limit.limit()).isEqualTo(50);
        }

        @Test
        void isNeverMoreThanTheMost() {
            limit = new AdaptiveLimit(2, 100);
            knowUsual();
            limit.restart(60);
            decideBy(refused(USUAL));
            assertThat(limit.limit()).isEqualTo(100);
        }

        @Test
        void doublesAfterAnOutageUntilCallsQueueAndAfterACutToo() {
            limit.restart(100);
            assertThat(isPassing(0, 0)).isFalse();
            decideBy(refused(USUAL));
            assertThat(limit.limit()).isEqualTo(200);
            decideBy(refused(34));
            assertThat(limit.limit()).isEqualTo(200);
            decideBy(refused(29));
            assertThat(limit.limit()).isEqualTo(400);
            decideBy(refused(38));
            assertThat(limit.limit()).isEqualTo(313);
            decideBy(refused(USUAL));
            assertThat(limit.limit()).isEqualTo(626);
        }

        @Test
        void doublesNoMoreOnceHalfOfThemQueueButNotMost() {
            limit.restart(100);
            decideBy(and(calls(14, 34), 16, 38));
            assertThat(limit.limit()).isEqualTo(100);
            decideBy(refused(USUAL));
            assertThat(limit.limit()).isEqualTo(109);
        }

        @Nested
        class CutInVain {
            @Test
            void whatIsSeenIsTheUsualAndTheLimitGoesBack() {
                bindAt(100);
                decideBy(calls(30, 100));
                assertThat(limit.limit()).isEqualTo(60);
                decideBy(calls(30, 84));
                assertThat(usual()).isEqualTo(84);
                assertThat(limit.limit()).isEqualTo(100);
            }

            @Test
            void notIfTheLatencyFollowed() {
                bindAt(100);
                decideBy(calls(30, 100));
                decideBy(calls(30, 62));
                assertThat(usual()).isEqualTo(USUAL);
                assertThat(limit.limit()).isEqualTo(36);
            }

            /** Of the six tenths that are left of the limit the 0.85th power is 0.648. */
            @Test
            void norIfItFollowedByLess() {
                bindAt(100);
                decideBy(calls(30, 100));
                decideBy(calls(30, 68));
                assertThat(usual()).isEqualTo(68);
                assertThat(limit.limit()).isEqualTo(100);
            }

            @Test
            void goesBackToTheLastCutIfTheFirstHelped() {
                bindAt(100);
                decideBy(calls(30, 100));
                decideBy(calls(30, 62));
                decideBy(calls(30, 62));
                assertThat(usual()).isEqualTo(62);
                assertThat(limit.limit()).isEqualTo(60);
            }

            /** Which it can be once it has drained, as no latency after a cut that was not in vain is near the one before. */
            @Test
            void goesBackToTheFirstCutIfThatWasNearWhatIsUsualNow() {
                bindAt(100);
                decideBy(calls(30, USUAL));
                decideBy(calls(30, 38));
                assertThat(limit.limit()).isEqualTo(78);
                isPassing(0, 10 * SECOND);
                isPassing(0, 10 * SECOND);
                decideBy(calls(30, 38));
                decideBy(calls(30, 34));
                assertThat(usual()).as("drained").isCloseTo(Math.sqrt(34 * USUAL), within(0.01));
                assertThat(limit.limit()).isEqualTo(71);
                decideBy(calls(30, 46));
                decideBy(calls(30, 46));
                assertThat(limit.limit()).as("to be judged").isEqualTo(40);
                decideBy(calls(30, 46));
                assertThat(usual()).isEqualTo(34);
                assertThat(limit.limit()).isEqualTo(100);
            }

            @Test
            void isJudgedOnceFourTenthsAreGone() {
                bindAt(100);
                decideBy(calls(30, 46));
                assertThat(limit.limit()).isEqualTo(64);
                decideBy(calls(30, 46));
                assertThat(usual()).isEqualTo(USUAL);
                assertThat(limit.limit()).isEqualTo(41);
                decideBy(calls(30, 34));
                assertThat(usual()).isEqualTo(34);
                assertThat(limit.limit()).isEqualTo(100);
            }

            @Test
            void atTheLeastLimitItIsInVainWhateverFollowed() {
                limit = new AdaptiveLimit(3, MOST);
                knowUsual();
                bindAt(4);
                decideBy(calls(30, 200));
                assertThat(limit.limit()).isEqualTo(3);
                decideBy(calls(30, 100));
                assertThat(usual()).isEqualTo(100);
                assertThat(limit.limit()).isEqualTo(4);
            }

            @Test
            void neverRaisesTheUsualAboveTheLowestSeenSinceItWasBound() {
                bindAt(100);
                decideBy(calls(30, USUAL));
                decideBy(calls(30, 100));
                decideBy(calls(30, 100));
                assertThat(usual()).isEqualTo(USUAL);
                assertThat(limit.limit()).isEqualTo(36);
            }

            @Test
            void isForgottenNearTheUsual() {
                bindAt(100);
                decideBy(calls(30, 100));
                decideBy(calls(7, USUAL));
                decideBy(calls(30, 100));
                assertThat(usual()).isEqualTo(USUAL);
                assertThat(limit.limit()).isEqualTo(36);
            }
        }

        @Nested
        class Resting {
            @Test
            void afterThreeDecisionsWhatOneServerWouldBeatIsTheUsual() {
                bindAt(2);
                decideBy(calls(30, 54));
                decideBy(calls(30, 54));
                assertThat(usual()).isEqualTo(USUAL);
                decideBy(calls(30, 54));
                assertThat(usual()).isEqualTo(54);
            }

            @Test
            void notWhatOneServerWouldTakeToo() {
                bindAt(2);
                for (int i = 0; i < 10; i++) {
                    decideBy(calls(30, 50));
                }
                assertThat(usual()).isEqualTo(USUAL);
            }

            @Test
            void beginsAnewWhenItWasFaster() {
                bindAt(2);
                decideBy(calls(30, 54));
                decideBy(calls(30, 54));
                decideBy(calls(7, USUAL));
                decideBy(calls(30, 54));
                assertThat(usual()).isEqualTo(USUAL);
            }
        }

        @Nested
        class Quiet {
            @Test
            void forASecondItIsFreeAgain() {
                bindAt(100);
                decideBy(calls(30, USUAL, SECOND - 1, 0));
                assertThat(limit.limit()).isEqualTo(100);
                decideBy(calls(30, USUAL, 1, 0));
                assertThat(limit.limit()).isEqualTo(MOST);
                assertThat(limit.isSelective()).isFalse();
            }

            @Test
            void endsWithARefusal() {
                bindAt(100);
                decideBy(calls(30, 31, SECOND - 1, 0));
                decideBy(calls(30, 34, SECOND, 1));
                decideBy(calls(30, 34, SECOND - 1, 0));
                assertThat(limit.limit()).isEqualTo(100);
                decideBy(calls(30, 34, 1, 0));
                assertThat(limit.limit()).isEqualTo(MOST);
            }

            @Test
            void isNotFreeWhileItTakesTwiceAsLongAsBefore() {
                bindAt(4);
                decideBy(calls(30, 50, SECOND, 0));
                assertThat(limit.limit()).isEqualTo(4);
                limit.slack(1);
                decideBy(calls(30, 50, 1, 0));
                assertThat(limit.limit()).isEqualTo(MOST);
            }

            @Test
            void forAMinuteItIsFreeThoughItTakesLongerThanBefore() {
                takeForUsual();
                decideBy(calls(30, 100, 60 * SECOND - 3, 0));
                assertThat(limit.limit()).isEqualTo(100);
                decideBy(calls(30, 200, 1, 0));
                assertThat(limit.limit()).isEqualTo(60);
                decideBy(calls(30, 184, 1, 0));
                assertThat(limit.limit()).isEqualTo(MOST);
            }

            /** Four times what it was. */
            private void takeForUsual() {
                bindAt(100);
                decideBy(calls(30, 100));
                decideBy(calls(30, 100));
                assertThat(usual()).isEqualTo(100);
            }

            @Test
            void whatItWasBoundAtTurnsOutToHaveBeenBorne() {
                bindAt(100);
                decideBy(calls(30, USUAL, SECOND, 0));
                decideBy(calls(11, 100), 200);
                assertThat(limit.limit()).isEqualTo(MOST);
                decideBy(calls(11, 100), 201);
                assertThat(limit.limit()).isEqualTo(201);
            }

            @Test
            void notIfItTakesLongerThanBefore() {
                takeForUsual();
                decideBy(calls(30, 100, 60 * SECOND - 2, 0));
                assertThat(limit.limit()).isEqualTo(MOST);
                limit.decide(calls(30, 400), () -> calls(11, 400), 5);
                assertThat(limit.limit()).isEqualTo(5);
            }
        }

        @Nested
        class Draining {
            /** Bound for twenty seconds when the time of day passes a multiple of ten. */
            private void drain(int from, int units) {
                bindAt(from);
                isPassing(0, 10 * SECOND);
                isPassing(0, 10 * SECOND);
                decideBy(calls(30, units), 70);
            }

            @Test
            void goesBelowWhatTheUsualAsksForWhenTheTimeOfDayPassesTenSeconds() {
                bindAt(100);
                isPassing(0, 10 * SECOND);
                isPassing(0, 10 * SECOND - 1);
                decideBy(calls(30, 31));
                assertThat(limit.limit()).isEqualTo(100);
                isPassing(0, 1);
                decideBy(calls(29, 31));
                assertThat(limit.limit()).isEqualTo(100);
                decideBy(calls(30, 31), 70);
                assertThat(limit.limit()).isEqualTo(67);
                assertThat(isPassing(70, 0)).isTrue();
                assertThat(isPassing(0, 0)).isFalse();
            }

            @Test
            void onlyIfItHasBeenBoundForTenSecondsByThen() {
                bindAt(100);
                isPassing(0, 10 * SECOND - 1);
                isPassing(0, 1);
                isPassing(0, 10 * SECOND - 1);
                decideBy(calls(30, 31));
                assertThat(limit.limit()).isEqualTo(100);

                timeOfDay = 10 * SECOND - 1;
                bindAgainAt(100);
                isPassing(0, 10 * SECOND);
                isPassing(0, 1);
                decideBy(calls(30, 31));
                assertThat(limit.limit()).isEqualTo(67);
            }

            /** As the clients of a target do whose clocks agree, whenever each of them was bound. */
            @ParameterizedTest(name = "bound at {0} s, at {1} s")
            @CsvSource({"0, 10", "3.1, 20", "9.9, 20", "10, 20", "-2, 10", "-0.1, 10"})
            void allDrainAtTheSameTimes(double boundAt, int expected) {
                bindAt(100);
                long pulse = SECOND / 10;
                timeOfDay = (long) (boundAt * SECOND) - pulse;
                while (limit.limit() == 100) {
                    isPassing(0, pulse);
                    decideBy(calls(30, 31));
                }
                assertThat(timeOfDay).isEqualTo(expected * SECOND);
            }

            @Test
            void belowTheUsualItGoesDownAsFarAsNearIsAbove() {
                drain(100, 21);
                assertThat(limit.limit()).isEqualTo(84);
            }

            @Test
            void byThreeCallsAtTheLeast() {
                drain(10, 21);
                assertThat(limit.limit()).isEqualTo(7);
            }

            @Test
            void theMeanOfWhatItTakesThereAndOfTheUsualIsTheUsual() {
                drain(100, 31);
                assertThat(decideBy(calls(7, 19))).isFalse();
                assertThat(limit.limit()).isEqualTo(67);
                assertThat(decideBy(calls(30, 31), 60)).isTrue();
                assertThat(usual()).isCloseTo(Math.sqrt(31 * USUAL), within(1e-9));
                assertThat(isPassing(60, 0)).isTrue();
                assertThat(isPassing(0, 0)).isFalse();
            }

            @ParameterizedTest(name = "{0}: to {1}")
            @CsvSource({"29, 100", "31, 99", "34, 90", "62, 49"})
            void thenItGoesBackToWhereCallsWouldBeNearThatAtMostToWhereItWas(int units, int expected) {
                drain(100, units);
                decideBy(calls(30, 27));
                assertThat(usual()).isCloseTo(Math.sqrt(27 * USUAL), within(1e-9));
                assertThat(limit.limit()).isEqualTo(expected);
            }

            private void waits(long nanos) {
                isPassing(0, nanos);
                decideBy(calls(30, 27));
            }

            @Test
            void andDrainsAgainTenSecondsLater() {
                drain(100, 27);
                assertThat(limit.limit()).isEqualTo(77);
                waits(5 * SECOND / 2);
                assertThat(limit.limit()).isEqualTo(100);
                waits(15 * SECOND / 2 - 1);
                assertThat(limit.limit()).isEqualTo(100);
                waits(1);
                assertThat(limit.limit()).isLessThan(100);
            }

            /** With calls so few that it takes long to know, half of the time would be spent with a limit that is too low. */
            @ParameterizedTest(name = "{0} ms: at {1} s")
            @CsvSource({
                "2500, 30",
                "2501, 40",
                "5000, 40",
                "5001, 40",
                "9999, 40",
                "10001, 80",
                "19000, 80",
                "25000, 160"
            })
            void waitsForFourTimesAsLongAsItDrainedAndOthersDo(long millis, int expected) {
                drain(100, 27);
                isPassing(0, millis * 1_000_000);
                decideBy(calls(30, 27));
                assertThat(limit.limit()).isEqualTo(100);
                while (limit.limit() == 100) {
                    isPassing(0, SECOND - timeOfDay % SECOND);
                    decideBy(calls(30, 27));
                }
                assertThat(timeOfDay).isEqualTo(expected * SECOND);
            }

            @Test
            void whatItDrainedForIsForgottenWhenItIsBoundAnew() {
                drain(100, 27);
                isPassing(0, 9 * SECOND);
                decideBy(calls(30, 27));
                limit.restart(100);
                isPassing(0, SECOND);
                isPassing(0, 10 * SECOND);
                isPassing(0, 10 * SECOND);
                decideBy(calls(30, 27));
                assertThat(timeOfDay).isEqualTo(50 * SECOND);
                assertThat(limit.limit()).isLessThan(100);
            }
        }
    }
}
