package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class PatienceTest {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final long MINUTE = 60 * SECOND;

    /** Four times twice the median, to begin with. */
    private static final long AFTER_SECONDS = 8 * middle(SECOND);

    private static final Offset<Long> ROUNDED = within(10L);

    private final Patience patience = new Patience();

    @Nested
    class OfCalls {
        @Test
        void isAMinuteUntilAHundredHaveSucceeded() {
            learn(99, SECOND);
            assertThat(patience.nanos()).isEqualTo(MINUTE);
            learn(1, SECOND);
            assertThat(patience.nanos()).isLessThan(MINUTE);
        }

        @Test
        void isAMinuteUntilFourTimesAsManyHaveSucceededAsAreInFlight() {
            patience.learn(sample(199, SECOND), 50);
            assertThat(patience.nanos()).isEqualTo(MINUTE);
            patience.learn(sample(1, SECOND), 50);
            assertThat(patience.nanos()).isLessThan(MINUTE);
        }

        @Test
        void thatManyAreInFlightLaterMakesItUnknownNoMore() {
            learn(100, SECOND);
            patience.learn(sample(1, 10 * SECOND), 1_000);
            assertThat(patience.nanos()).isGreaterThan(AFTER_SECONDS);
        }

        @Test
        void isFourTimesTwiceTheMedianOfTheFirst() {
            learn(100, SECOND);
            assertThat(patience.nanos()).isEqualTo(AFTER_SECONDS);
        }

        @Test
        void growsWithEachCallThatIsLongerAndShrinksWithOneInAHundredAsFast() {
            learn(100, SECOND);
            learn(1, 10 * SECOND);
            assertThat(patience.nanos()).isCloseTo((long) (AFTER_SECONDS * Math.exp(0.05 * 0.99)), ROUNDED);
            learn(99, SECOND);
            assertThat(patience.nanos()).isCloseTo(AFTER_SECONDS, ROUNDED);
        }

        @Test
        void growsAndShrinksByNoMoreThanTheRootOfEInAPulse() {
            learn(100, SECOND);
            learn(100, 10 * SECOND);
            assertThat(patience.nanos()).isCloseTo((long) (AFTER_SECONDS * Math.exp(0.5)), ROUNDED);
            learn(10_000, SECOND);
            assertThat(patience.nanos()).isCloseTo(AFTER_SECONDS, ROUNDED);
        }

        @Test
        void isAtLeastASecondAndAtMostAMinute() {
            learn(100, MILLI);
            assertThat(patience.nanos()).isEqualTo(SECOND);
            Patience longer = new Patience();
            longer.learn(sample(100, 20 * SECOND), 0);
            assertThat(longer.nanos()).isEqualTo(MINUTE);
        }

        @Test
        void learnsNothingFromNothing() {
            learn(100, SECOND);
            learn(0, SECOND);
            assertThat(patience.nanos()).isEqualTo(AFTER_SECONDS);
        }
    }

    @Nested
    class OfCallsAnsweredLate {
        @Test
        void isFourTimesTheLatestButTwiceAsLongAtMost() {
            learn(100, SECOND);
            patience.answeredLate(3 * SECOND);
            patience.answeredLate(2 * SECOND);
            patience.learnLate();
            assertThat(patience.nanos()).isEqualTo(12 * SECOND);
            patience.answeredLate(MINUTE);
            patience.learnLate();
            assertThat(patience.nanos()).isEqualTo(24 * SECOND);
        }

        @Test
        void learnsFromEachOnce() {
            learn(100, SECOND);
            patience.answeredLate(MINUTE);
            patience.learnLate();
            patience.learnLate();
            assertThat(patience.nanos()).isEqualTo(2 * AFTER_SECONDS);
        }

        @Test
        void oneThatWasFasterChangesNothing() {
            learn(100, SECOND);
            patience.answeredLate(SECOND);
            patience.learnLate();
            assertThat(patience.nanos()).isEqualTo(AFTER_SECONDS);
        }

        @Test
        void twiceASecondIsTheLeastItMayGrowTo() {
            learn(100, MILLI);
            patience.answeredLate(MINUTE);
            patience.learnLate();
            assertThat(patience.nanos()).isEqualTo(2 * SECOND);
        }
    }

    @Nested
    class OfProbes {
        @Test
        void isASecondWhileNothingIsKnown() {
            assertThat(patience.ofProbeNanos(50 * MILLI)).isEqualTo(SECOND);
        }

        @Test
        void isThatOfCallsBetweenWhatItIsToTellAndASecond() {
            learn(1, 10 * MILLI);
            assertThat(patience.ofProbeNanos(50 * MILLI)).isEqualTo(8 * middle(10 * MILLI));
            assertThat(patience.ofProbeNanos(200 * MILLI)).isEqualTo(200 * MILLI);
            for (int i = 0; i < 10; i++) {
                learn(1_000, 10 * SECOND);
            }
            assertThat(patience.ofProbeNanos(50 * MILLI)).isEqualTo(SECOND);
        }
    }

    private void learn(int calls, long nanos) {
        patience.learn(sample(calls, nanos), 0);
    }

    private static Sample sample(int calls, long nanos) {
        Sample sample = new Sample(0, 0);
        sample.add(Latencies.bucketOf(nanos), calls);
        return sample;
    }

    private static long middle(long nanos) {
        return Latencies.valueOf(Latencies.bucketOf(nanos));
    }
}
