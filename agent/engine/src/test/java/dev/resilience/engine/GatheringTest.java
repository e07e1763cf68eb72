package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class GatheringTest {
    /** About a millisecond, so that the ages of permits are right to the nanosecond. */
    private static final long MILLI = 1_000 * 1_024;

    private static final long PULSE = 100_000_000;
    private static final int MOST = 10_000;

    private long now = 1_000_000 * MILLI;
    private long aheadOfUs;
    private Load load = new Load(3, MOST);
    private final AdaptiveLimit limit = new AdaptiveLimit(1, MOST);
    private final OwnStalls stalls = new OwnStalls(now);
    private final Gathering gathering = new Gathering(limit, stalls, nanos -> nanos + aheadOfUs, load, now);

    /** Seven calls are the least that say what is usual. */
    @Nested
    class AtFirst {
        @Test
        void keepsWhatDoesNotSufficeYet() {
            pulse(calls(6, 1, 0));
            assertThat(limit.usualNanos()).isZero();
            pulse(calls(1, 1, 0));
            assertThat(limit.usualNanos()).isPositive();
        }

        @Test
        void theTimeInWhichNothingCameCountsToo() {
            enter(5);
            pulse(calls(7, 1, 0));
            gathering.idle(8 * PULSE - 1);
            pulse(calls(0, 1, 0));
            assertThat(limit.usualNanos()).isZero();
            gathering.idle(1);
            pulse(new Sample(0, 0));
            assertThat(limit.usualNanos()).isPositive();
        }

        /** With those five in flight it waits for 20. */
        @Test
        void decidesOnNothingTwice() {
            enter(5);
            pulse(calls(19, 1, 0));
            pulse(calls(1, 1, 0));
            double usual = limit.usualNanos();
            assertThat(usual).isPositive();
            pulse(calls(7, 1.5, 0));
            assertThat(limit.usualNanos()).isGreaterThan(usual);
        }

        @Test
        void aNewGenerationBeginsWithNothing() {
            pulse(calls(6, 1, 0));
            restart();
            pulse(calls(1, 1, 0));
            assertThat(limit.usualNanos()).isZero();
        }
    }

    @Nested
    class Free {
        @BeforeEach
        void knowsWhatIsUsual() {
            pulse(calls(7, 1, 0));
        }

        @Test
        void manyCallsThatAreSlowAlreadyBindTheLimit() {
            now += MILLI;
            enter(100);
            now += 30 * MILLI;
            pulse(calls(0, 1, 0));
            assertThat(load.limit()).isEqualTo(limit.limit()).isLessThan(100);
        }

        @Test
        void callsThatAreNotSlowDoNot() {
            now += MILLI;
            enter(100);
            now += MILLI;
            pulse(calls(0, 1, 0));
            assertThat(load.limit()).isEqualTo(MOST);
        }

        @Test
        void whatOurOwnProcessWasLateIsNotSlow() {
            stalls.pulsed(PULSE + 40 * MILLI, PULSE, now);
            now += MILLI;
            enter(100);
            now += 30 * MILLI;
            pulse(calls(0, 1, 0));
            assertThat(load.limit()).isEqualTo(MOST);
        }

        @Test
        void callsOfBeforeAStallAreAsOldAsItsEnd() {
            now += MILLI;
            enter(100);
            now += 30 * MILLI;
            stalls.pulsed(PULSE, PULSE, now);
            stalls.pulsed(OwnStalls.STALL_NANOS + 1, OwnStalls.STALL_NANOS + 1, now);
            pulse(calls(0, 1, 0));
            assertThat(load.limit()).isEqualTo(MOST);
        }
    }

    /** Each refuses calls, so it grows as soon as it knows that it may. */
    @Nested
    class Bound {
        @BeforeEach
        void restartsWithFew() {
            pulse(calls(7, 1, 0));
            restart();
        }

        @Test
        void aNewGenerationHasItsOwnLimit() {
            assertThat(limit.limit()).isEqualTo(8);
        }

        /** Bound for eleven seconds and in the middle of ten, when it is set forward. */
        @Test
        void goesByTheTimeOfDay() {
            long ten = 10_000_000_000L;
            now = 1_000 * ten + ten / 2;
            restart();
            gathering.add(load, new Sample(ten, 0), 0, 0, ten, now);
            pulse(calls(30, 1, 1));
            int grown = limit.limit();
            assertThat(grown).isGreaterThan(8);
            aheadOfUs = ten;
            pulse(calls(30, 1, 0));
            assertThat(limit.limit()).isLessThan(grown);
        }

        @Test
        void looksAtNoCallTwice() {
            pulse(calls(7, 1, 1));
            int grown = limit.limit();
            assertThat(grown).isGreaterThan(8);
            assertThat(load.limit()).isEqualTo(grown);
            pulse(calls(1, 1, 1));
            assertThat(limit.limit()).isEqualTo(grown);
        }

        @Test
        void gathersUntilItSuffices() {
            pulse(calls(6, 1, 1));
            assertThat(limit.limit()).isEqualTo(8);
            pulse(calls(1, 1, 0));
            assertThat(limit.limit()).isGreaterThan(8);
        }

        @Test
        void forgetsWhatItSawWhenItIsTold() {
            pulse(calls(6, 1, 1));
            gathering.forget(load, now);
            pulse(calls(1, 1, 1));
            assertThat(limit.limit()).isEqualTo(8);
        }

        @Test
        void aNewGenerationBeginsWithNothing() {
            pulse(calls(6, 1, 1));
            restart();
            pulse(calls(1, 1, 1));
            assertThat(limit.limit()).isEqualTo(8);
        }
    }

    /** With 120 calls in flight that are slow. */
    @Nested
    class Passing {
        private long[] old = {};
        private int bound;

        @BeforeEach
        void isBound() {
            pulse(calls(7, 1, 0));
            now += MILLI;
            old = enter(120);
            now += 30 * MILLI;
            pulse(calls(0, 1, 0));
            bound = limit.limit();
        }

        @Test
        void decidesNothingUntilAsManyHaveEndedAsWereInFlight() {
            leave(120);
            pulse(calls(120, 30, 1));
            pulse(calls(29, 1, 1));
            assertThat(limit.limit()).isGreaterThan(bound);
        }

        @Test
        void aCallThatNeverEndedIsNotOneOfTheLongestThatDid() {
            for (int i = 60; i < 120; i++) {
                gathering.writtenOff(old[i], now);
            }
            leave(120);
            Sample ended = calls(60, 30, 1);
            ended.add(calls(30, 1, 0));
            gathering.add(load, ended, 150, 60, PULSE, now);
            assertThat(limit.limit()).isEqualTo(bound);
            pulse(calls(0, 1, 0));
            assertThat(limit.limit()).isGreaterThan(bound);
        }

        private void leave(int calls) {
            for (int i = 0; i < calls; i++) {
                load.leave(old[i]);
            }
        }
    }

    /** What came in a pulse, all of it successes. */
    private void pulse(Sample fresh) {
        gathering.add(load, fresh, fresh.size(), 0, fresh.nanos(), now);
    }

    private void restart() {
        load = new Load(4, 8);
        gathering.restart(load, now);
    }

    private long[] enter(int calls) {
        long[] permits = new long[calls];
        for (int i = 0; i < calls; i++) {
            permits[i] = load.enter(now);
        }
        return permits;
    }

    private static Sample calls(int calls, double millis, long refusals) {
        Sample sample = new Sample(PULSE, refusals);
        sample.add(Latencies.bucketOf((long) (millis * MILLI)), calls);
        return sample;
    }
}
