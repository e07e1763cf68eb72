package dev.resilience.engine;

import static dev.resilience.engine.AdaptiveDeadline.LEAST_NANOS;
import static dev.resilience.engine.AdaptiveDeadline.UNKNOWN_NANOS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdaptiveDeadlineTest {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;

    /** A clock may begin anywhere; this one comes by 0. */
    private long now = -3_600 * SECOND;

    private final AdaptiveDeadline deadline = new AdaptiveDeadline(now);

    /** One call after another. */
    private void succeed(int calls, long latency) {
        for (int i = 0; i < calls; i++) {
            deadline.succeeded(now, now + latency);
            now += latency;
        }
    }

    /** Succeeds if it is given enough, else it is cut; in the time it takes, as many others succeed. */
    private boolean call(long needed, int others, long latency) {
        long begun = now;
        long given = deadline.nanos();
        long taken = Math.min(needed, given);
        for (int i = 0; i < others; i++) {
            now = begun + taken * i / others;
            deadline.succeeded(now, now + latency);
        }
        now = begun + taken + MILLI / 10;
        if (needed <= given) {
            deadline.succeeded(begun, begun + needed);
            return true;
        }
        deadline.cut(now - begun, now);
        return false;
    }

    @Nested
    class UntilAHundredSuccessesAreKnown {
        @Test
        void isAMinute() {
            succeed(99, MILLI);
            assertThat(deadline.nanos()).isEqualTo(UNKNOWN_NANOS);
            succeed(1, MILLI);
            assertThat(deadline.nanos()).isEqualTo(LEAST_NANOS);
        }

        @Test
        void isLongerIfOneNeededMore() {
            succeed(1, 50 * SECOND);
            assertThat(deadline.nanos()).isEqualTo(100 * SECOND);
        }

        @Test
        void learnsNothingFromACut() {
            succeed(99, MILLI);
            deadline.cut(UNKNOWN_NANOS, now);
            succeed(1, MILLI);
            assertThat(deadline.nanos()).isEqualTo(LEAST_NANOS);
        }
    }

    @Nested
    class Known {
        @Test
        void isNeverBelowASecond() {
            succeed(10_000, MILLI / 10);
            assertThat(deadline.nanos()).isEqualTo(LEAST_NANOS);
        }

        /** Each second as one of ten clients sees it, some of them of clocks with a coarse grain. */
        @ParameterizedTest(name = "grain {0} ns")
        @ValueSource(longs = {1, 41, 100, 1_000_000})
        void isFourTimesTheP99(long grain) {
            Random random = new Random(grain);
            double sum = 0;
            int rounds = 200;
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < 1_000; i++) {
                    long latency = (long) (SECOND * Math.exp(0.5 * random.nextGaussian()));
                    long start = (now + random.nextInt(100_000_000)) / grain * grain;
                    deadline.succeeded(start, start + Math.min(latency, 3 * SECOND) / grain * grain);
                    now += 10 * MILLI;
                }
                sum += round < 10 ? 0 : Math.log(deadline.nanos() / 4e9);
            }
            double p99 = Math.exp(0.5 * 2.326);
            double least = Math.exp(sum / (rounds - 10));
            assertThat(least).isBetween(Math.max(0.9 * p99, 6.0 / 4), 1.15 * p99);
        }

        @Test
        void neverForgetsTheLongestThatSucceeded() {
            succeed(100, MILLI);
            succeed(1, 7 * SECOND / 10);
            succeed(100_000, MILLI);
            assertThat(deadline.nanos()).isEqualTo(14 * SECOND / 10);
        }

        @Test
        void followsATargetThatBecomesSlower() {
            succeed(1_000, 100 * MILLI);
            succeed(1_000, 900 * MILLI);
            assertThat(deadline.nanos()).isGreaterThan(3 * SECOND);
        }
    }

    @Nested
    class AmongOthers {
        /** Cut when its deadline was just over, and a success began a moment ago. */
        private void cut() {
            deadline.cut(deadline.nanos(), now);
        }

        @Test
        void isTriedLongerOnlyAfterFortyEightOfThem() {
            succeed(53, MILLI);
            cut();
            succeed(47, MILLI);
            cut();
            assertThat(deadline.nanos()).isEqualTo(LEAST_NANOS);
        }

        @Test
        void isTriedLongerAfterFortyEightOfThem() {
            succeed(52, MILLI);
            cut();
            succeed(48, MILLI);
            cut();
            assertThat(deadline.nanos()).isEqualTo(2 * LEAST_NANOS);
        }

        @ParameterizedTest(name = "{0} ns after half of its deadline: {1} s")
        @CsvSource({"0, 1", "1, 2"})
        void isTriedLongerOnlyIfOneBeganInTheSecondHalf(long later, long seconds) {
            succeed(100, MILLI);
            now += SECOND;
            deadline.succeeded(now, now + MILLI);
            deadline.cut(LEAST_NANOS, now + LEAST_NANOS / 2 - later);
            assertThat(deadline.nanos()).isEqualTo(seconds * SECOND);
        }

        private void hang(int times) {
            for (int i = 0; i < times; i++) {
                succeed(2_000, MILLI);
                cut();
            }
        }

        @Test
        void isTriedForAMinuteAtMost() {
            succeed(100, MILLI);
            hang(6);
            assertThat(deadline.nanos()).isEqualTo(UNKNOWN_NANOS);
            hang(1);
            assertThat(deadline.nanos()).isEqualTo(LEAST_NANOS);
        }

        @Test
        void isMutedForTenMinutesToTheNanosecond() {
            succeed(100, MILLI);
            hang(7);
            long muted = now;
            succeed(2_000, MILLI);
            now = muted + 600 * SECOND - MILLI;
            deadline.succeeded(now - MILLI, now);
            deadline.cut(LEAST_NANOS, muted + 600 * SECOND - 1);
            assertThat(deadline.nanos()).isEqualTo(LEAST_NANOS);
            succeed(2_000, MILLI);
            now = muted + 600 * SECOND;
            deadline.cut(LEAST_NANOS, now);
            assertThat(deadline.nanos()).isEqualTo(2 * LEAST_NANOS);
        }

        @ParameterizedTest(name = "one took {0} ms: {1} ms")
        @CsvSource({"900, 8000", "1000, 8000", "1001, 2002", "1500, 3000"})
        void isTriedNoLongerOnceOneShowedWhatItNeeds(long millis, long expected) {
            succeed(100, MILLI);
            hang(3);
            assertThat(deadline.nanos()).isEqualTo(8 * SECOND);
            deadline.tookLong(millis * MILLI);
            assertThat(deadline.nanos()).isEqualTo(expected * MILLI);
        }
    }

    @Nested
    class Basis {
        @Test
        void countsSuccessesTillThereAreEnough() {
            succeed(99, MILLI);
            assertThat(deadline.basis()).isEqualTo("successes=99/100");
        }

        @Test
        void isWhatTheyTookInMillisecondsRoundedUp() {
            succeed(99, MILLI);
            succeed(1, 20 * MILLI + 1);
            deadline.tookLong(700 * MILLI);
            assertThat(deadline.basis()).isEqualTo("p99=21ms, longest=700ms");
            assertThat(deadline.nanos()).isEqualTo(1_400 * MILLI);
        }
    }

    @Nested
    class TheFirstAfterAHundred {
        @Test
        void movesTheP99ByAStepHoweverLongItTook() {
            succeed(100, 300 * MILLI);
            assertThat(deadline.nanos()).isEqualTo(1_200 * MILLI);
            succeed(1, 500 * MILLI);
            assertThat(deadline.nanos()).isBetween(1_260 * MILLI, 1_263 * MILLI);
        }

        @Test
        void movesItNotUpIfItTookAsLong() {
            succeed(100, 300 * MILLI);
            succeed(1, 300 * MILLI);
            assertThat(deadline.nanos()).isLessThanOrEqualTo(1_200 * MILLI);
        }

        @Test
        void andAllThatTakeLessMoveItDown() {
            succeed(100, SECOND);
            succeed(1_000, 100 * MILLI);
            assertThat(deadline.nanos()).isBetween(2 * SECOND, 3 * SECOND);
        }
    }

    @Nested
    class ARareKindOfCallThatNeedsLong {
        @ParameterizedTest(name = "needs {0} ms")
        @ValueSource(longs = {1_500, 9_000, 40_000})
        void isCutAFewTimesAndThenNoMore(long needed) {
            succeed(1_000, 10 * MILLI);
            int cuts = 0;
            for (int i = 0; i < 20; i++) {
                cuts += call(needed * MILLI, 200, 10 * MILLI) ? 0 : 1;
                succeed(1_000, 10 * MILLI);
            }
            int doublings = (int) Math.ceil(Math.log(needed / 1000.0) / Math.log(2));
            assertThat(cuts).isBetween(1, doublings);
            assertThat(deadline.nanos()).isGreaterThanOrEqualTo(2 * needed * MILLI);
        }
    }

    @Nested
    class ACallThatHangs {
        @Test
        void isTriedLongerUntilItIsHungAfterAMinuteAndThenNotForTenMinutes() {
            succeed(1_000, 10 * MILLI);
            for (int i = 0; i < 7; i++) {
                assertThat(call(Long.MAX_VALUE, 200, 10 * MILLI)).isFalse();
            }
            assertThat(deadline.nanos()).isEqualTo(LEAST_NANOS);
            long muted = now;
            call(Long.MAX_VALUE, 200, 10 * MILLI);
            assertThat(deadline.nanos()).isEqualTo(LEAST_NANOS);

            now = muted + 599 * SECOND;
            call(Long.MAX_VALUE, 200, 10 * MILLI);
            call(Long.MAX_VALUE, 200, 10 * MILLI);
            assertThat(deadline.nanos()).isGreaterThan(LEAST_NANOS);
        }

        @Test
        void isTriedHalfAsOftenEachTime() {
            succeed(1_000, 10 * MILLI);
            long tried = 0;
            long begun = now;
            long day = 24 * 3600 * SECOND;
            while (now - begun < day) {
                long given = deadline.nanos();
                call(Long.MAX_VALUE, 200, 10 * MILLI);
                tried += given > LEAST_NANOS ? given : 0;
                succeed(3_000, 10 * MILLI);
            }
            assertThat((double) tried / day).isLessThan(0.02);
        }

        /** A target that answers nobody teaches nothing. */
        @Test
        void changesNothingIfAllOthersHangToo() {
            succeed(1_000, 10 * MILLI);
            long began = now;
            for (int i = 0; i < 500; i++) {
                deadline.cut(LEAST_NANOS + i, began + LEAST_NANOS + i * MILLI);
            }
            assertThat(deadline.nanos()).isEqualTo(LEAST_NANOS);
        }

        @Test
        void changesNothingIfManyOthersHangToo() {
            succeed(1_000, 10 * MILLI);
            for (int i = 0; i < 100; i++) {
                call(Long.MAX_VALUE, 20, 10 * MILLI);
            }
            assertThat(deadline.nanos()).isLessThanOrEqualTo(2 * LEAST_NANOS);
        }
    }
}
