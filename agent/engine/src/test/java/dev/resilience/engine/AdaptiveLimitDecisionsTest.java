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
     * The usual latency is 25 of them: near ends at 32.5, queued begins at 40, congested at 50.
     */
    private static final long UNIT = 1 << 18;

    private static final int USUAL = 25;
    private static final long SECOND = 1_000_000_000;
    private static final int MOST = 10_000;

    private AdaptiveLimit limit = new AdaptiveLimit(2, MOST);

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
            assertThat(limit.isPassing(0, 0)).isFalse();
            decideBy(calls(11, 100), 100);
            assertThat(limit.isPassing(60, 0)).isTrue();
            assertThat(limit.isPassing(40, 0)).isTrue();
            assertThat(limit.isPassing(1, 0)).isFalse();
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
            limit.isPassing(0, nanos);
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
            assertThat(decideBy(calls(6, 31))).isFalse();
            assertThat(decideBy(and(calls(6, 31), 1, 100))).isFalse();
            assertThat(decideBy(calls(7, 31))).isTrue();
        }

        @Test
        void growsWhileItRefusesAndMoreNearTheUsual() {
            bindAt(400);
            decideBy(calls(30, USUAL));
            assertThat(limit.limit()).isEqualTo(400);
            decideBy(refused(USUAL));
            assertThat(limit.limit()).isEqualTo(410);
            bindAgainAt(400);
            decideBy(refused(34));
            assertThat(limit.limit()).isEqualTo(405);
            bindAgainAt(400);
            decideBy(refused(42));
            assertThat(limit.limit()).isEqualTo(400);
        }

        private void bindAgainAt(int inFlight) {
            limit = new AdaptiveLimit(2, MOST);
            knowUsual();
            bindAt(inFlight);
        }

        @Test
        void whatOurOwnProcessAddedIsNear() {
            bindAt(400);
            limit.slack(3 * UNIT / 2);
            decideBy(refused(34));
            assertThat(limit.limit()).isEqualTo(405);
            limit.slack(3 * UNIT / 2 + 1);
            decideBy(refused(34));
            assertThat(limit.limit()).isEqualTo(415);
        }

        @Test
        void whatOurOwnProcessAddedIsNotQueued() {
            bindAt(400);
            limit.slack(2 * UNIT);
            decideBy(refused(42));
            assertThat(limit.limit()).isEqualTo(400);
            limit.slack(2 * UNIT + 1);
            decideBy(refused(42));
            assertThat(limit.limit()).isEqualTo(405);
        }

        @Test
        void whatWasBegunBeforeItGrewGoesByFirst() {
            limit.restart(100);
            decideBy(refused(34), 70);
            assertThat(limit.isPassing(70, 0)).isTrue();
            assertThat(limit.isPassing(0, 0)).isFalse();
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
            decideBy(calls(30, 50), 90);
            assertThat(limit.limit()).isEqualTo(65);
            assertThat(limit.isPassing(90, 0)).isTrue();
            assertThat(limit.isPassing(0, 0)).isFalse();
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
        void doublesAfterAnOutageUntilItIsNotNear() {
            limit.restart(100);
            assertThat(limit.isPassing(0, 0)).isFalse();
            decideBy(refused(USUAL));
            assertThat(limit.limit()).isEqualTo(200);
            decideBy(refused(USUAL));
            assertThat(limit.limit()).isEqualTo(400);
            decideBy(refused(34));
            assertThat(limit.limit()).isEqualTo(405);
            decideBy(refused(USUAL));
            assertThat(limit.limit()).isEqualTo(415);
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
                decideBy(calls(30, 76));
                assertThat(usual()).isEqualTo(USUAL);
                assertThat(limit.limit()).isEqualTo(36);
            }

            @Test
            void goesBackToTheLastCutIfTheFirstHelped() {
                bindAt(100);
                decideBy(calls(30, 100));
                decideBy(calls(30, 76));
                decideBy(calls(30, 76));
                assertThat(usual()).isEqualTo(76);
                assertThat(limit.limit()).isEqualTo(60);
            }

            @Test
            void goesBackToTheFirstCutIfThatWasNearWhatIsUsualNow() {
                decide(calls(30, 27, 5 * SECOND, 0), 0);
                assertThat(usual()).isBetween(25.2, 26.1);
                bindAt(100);
                decideBy(calls(30, 54));
                assertThat(limit.limit()).isEqualTo(61);
                decideBy(calls(30, 42));
                decideBy(calls(30, 100));
                decideBy(calls(30, 100));
                assertThat(usual()).isEqualTo(42);
                assertThat(limit.limit()).as("cut again, from 100").isEqualTo(60);
            }

            @Test
            void isJudgedOnceFourTenthsAreGone() {
                bindAt(100);
                decideBy(calls(30, 50));
                decideBy(calls(30, 50));
                assertThat(usual()).isEqualTo(USUAL);
                assertThat(limit.limit()).isEqualTo(42);
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
                assertThat(limit.limit()).isEqualTo(102);
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
                assertThat(limit.limit()).isEqualTo(65);
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
            /** The lowest latency was seen so long ago. */
            private void drain(int lowest, int units, long nanos) {
                bindAt(100);
                decideBy(calls(30, lowest));
                limit.isPassing(0, nanos);
                decideBy(calls(30, units), 70);
            }

            @Test
            void tenSecondsAfterTheLowestItGoesBelowWhatTheUsualAsksFor() {
                drain(USUAL, 31, 10 * SECOND);
                assertThat(limit.limit()).isEqualTo(64);
                assertThat(limit.isPassing(70, 0)).isTrue();
                assertThat(limit.isPassing(0, 0)).isFalse();
            }

            @Test
            void notEarlierNorBecauseOfFewCalls() {
                drain(USUAL, 31, 10 * SECOND - 1);
                assertThat(limit.limit()).isEqualTo(100);
                limit.isPassing(0, 1);
                decideBy(calls(29, 31));
                assertThat(limit.limit()).isEqualTo(100);
                decideBy(calls(30, 31));
                assertThat(limit.limit()).isEqualTo(64);
            }

            @Test
            void belowTheUsualItGoesDownByAFifth() {
                drain(19, 21, 10 * SECOND);
                assertThat(limit.limit()).isEqualTo(80);
            }

            @Test
            void theLatencyThereIsTheUsualAndTheLimitGoesBack() {
                drain(USUAL, 31, 10 * SECOND);
                assertThat(decideBy(calls(7, 19))).isFalse();
                assertThat(limit.limit()).isEqualTo(64);
                assertThat(decideBy(calls(30, 27), 60)).isTrue();
                assertThat(usual()).isEqualTo(27);
                assertThat(limit.limit()).isEqualTo(100);
                assertThat(limit.isPassing(60, 0)).isTrue();
                assertThat(limit.isPassing(0, 0)).isFalse();
            }

            @Test
            void thenItIsTheLowestForTenSeconds() {
                drain(USUAL, 31, 10 * SECOND);
                decideBy(calls(30, 27));
                limit.isPassing(0, 10 * SECOND - 1);
                decideBy(calls(30, 31));
                assertThat(limit.limit()).isEqualTo(100);
                decideBy(calls(30, 27));
                limit.isPassing(0, 10 * SECOND - 1);
                decideBy(calls(30, 31));
                assertThat(limit.limit()).isEqualTo(100);
            }

            @Test
            void eachLowerLatencyPutsItOff() {
                drain(USUAL, 23, 10 * SECOND);
                assertThat(limit.limit()).isEqualTo(100);
                decideBy(calls(30, 31));
                assertThat(limit.limit()).isEqualTo(100);
            }
        }
    }
}
