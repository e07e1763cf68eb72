package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class OwnStallsTest {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final long DUE = 100 * MILLI;
    private static final long START = 1_000 * SECOND;

    /** A permit is right to this. */
    private static final long GRAIN = 1_024;

    private final OwnStalls stalls = new OwnStalls(START);

    @Nested
    class Ages {
        @Test
        void aCallIsNoOlderThanTheEndOfTheLastStall() {
            long permit = Permit.of(3, START);
            assertThat(stalls.ageNanos(permit, START + SECOND)).isEqualTo(Permit.ageNanos(permit, START + SECOND));
            stalls.pulsed(OwnStalls.STALL_NANOS + 1, DUE, START + 3 * SECOND);
            assertThat(stalls.ageNanos(permit, START + 3 * SECOND)).isZero();
            assertThat(stalls.ageNanos(permit, START + 4 * SECOND)).isEqualTo(SECOND);
        }

        @Test
        void aPulseThatIsALittleLateIsNoStall() {
            stalls.pulsed(OwnStalls.STALL_NANOS, DUE, START + 3 * SECOND);
            assertThat(stalls.overlap(3 * SECOND - 1, START + 3 * SECOND)).isFalse();
        }

        @Test
        void aCallOverlapsAStallThatEndedAsItBeganOrLater() {
            stalls.pulsed(SECOND, DUE, START + 3 * SECOND);
            assertThat(stalls.overlap(SECOND - 1, START + 4 * SECOND)).isFalse();
            assertThat(stalls.overlap(SECOND, START + 4 * SECOND)).isTrue();
        }

        @Test
        void aClockThatWasSetBackIsTheEndOfAStall() {
            stalls.pulsed(0, DUE, START - SECOND);
            assertThat(stalls.overlap(0, START - SECOND)).isTrue();
            assertThat(stalls.overlap(0, START - SECOND + 1)).isFalse();
        }

        @Test
        void aCallIsOlderThanAnAgeBeyondItAndOneOfTheFutureBeyondItsOpposite() {
            long age = 1_000 * GRAIN;
            long permit = Permit.of(3, (START & -GRAIN) + SECOND);
            long begun = (START & -GRAIN) + SECOND;
            assertThat(stalls.isOlder(permit, age, begun + age)).isFalse();
            assertThat(stalls.isOlder(permit, age, begun + age + GRAIN)).isTrue();
            assertThat(stalls.isOlder(permit, age, begun - age)).isFalse();
            assertThat(stalls.isOlder(permit, age, begun - age - GRAIN)).isTrue();
        }
    }

    @Nested
    class Slack {
        @Test
        void isTheLatestPulseOfThisHalfSecondAndOfTheOneBefore() {
            assertThat(stalls.slackNanos()).isZero();
            pulse(40 * MILLI);
            assertThat(stalls.slackNanos()).isEqualTo(40 * MILLI);
            for (int i = 2; i < 10; i++) {
                pulse(MILLI);
                assertThat(stalls.slackNanos()).as("pulse %s", i).isEqualTo(40 * MILLI);
            }
            pulse(MILLI);
            assertThat(stalls.slackNanos()).isEqualTo(MILLI);
        }

        @Test
        void isNoLongerThanAStallAsWhatIsLongerIsSetAside() {
            pulse(3 * SECOND);
            assertThat(stalls.slackNanos()).isEqualTo(OwnStalls.STALL_NANOS);
        }

        @Test
        void aPulseThatIsEarlyHasNone() {
            pulse(-MILLI);
            assertThat(stalls.slackNanos()).isZero();
        }
    }

    @Nested
    class Telling {
        @Test
        void halfAPulseIsTheLeastThereIsToTellOf() {
            pulse(50 * MILLI - 1);
            assertThat(stalls.told(START)).isNull();
            pulse(50 * MILLI);
            assertThat(stalls.told(START)).isEqualTo(new Stall(START, 50 * MILLI));
        }

        @Test
        void addsUpWhatComesWithinTenSeconds() {
            pulse(SECOND);
            stalls.pulsed(DUE + SECOND, DUE, START + 10 * SECOND);
            assertThat(stalls.told(START + 10 * SECOND))
                    .isEqualTo(new Stall(START, START + 10 * SECOND, 2 * SECOND, 0, 0));
        }

        @Test
        void beginsAnewAfterTenSeconds() {
            pulse(SECOND);
            stalls.pulsed(DUE + SECOND, DUE, START + 10 * SECOND + 1);
            assertThat(stalls.told(START + 11 * SECOND)).isEqualTo(new Stall(START + 10 * SECOND + 1, SECOND));
        }

        @Test
        void tellsForTenSeconds() {
            pulse(SECOND);
            assertThat(stalls.told(START + 10 * SECOND)).isNotNull();
            assertThat(stalls.told(START + 10 * SECOND + 1)).isNull();
        }

        @Test
        void saysWhatWasSetAside() {
            stalls.setAside(1, 1);
            assertThat(stalls.told(START)).isNull();
            pulse(SECOND);
            stalls.setAside(2, 5);
            stalls.setAside(0, 1);
            assertThat(stalls.told(START)).isEqualTo(new Stall(START, START, SECOND, 2, 6));
        }

        @Test
        void nothingSetAsideIsNothingNew() {
            pulse(SECOND);
            Stall before = stalls.told(START);
            stalls.setAside(0, 0);
            assertThat(stalls.told(START)).isSameAs(before);
        }
    }

    private void pulse(long lateNanos) {
        stalls.pulsed(DUE + lateNanos, DUE, START);
    }
}
