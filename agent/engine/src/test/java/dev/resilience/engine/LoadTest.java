package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LoadTest {
    private static final long SECOND = 1_000_000_000;
    private static final int PLACES = 16 + 254 * 64;

    private final Load load = new Load(5, 50);

    @Nested
    class Entering {
        @Test
        void admitsTheLimitAndCountsWhoWasRefused() {
            enter(load, 50);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(load.inFlight()).isEqualTo(50);
            load.refused();
            assertThat(load.takeRefusals()).isEqualTo(2);
            assertThat(load.takeRefusals()).isZero();
        }

        @Test
        void aCallLeavesOnceAndOneThatWasNotCountedNever() {
            long[] permits = enter(load, 2);
            assertThat(load.leave(permits[0])).isTrue();
            assertThat(load.leave(permits[0])).isFalse();
            assertThat(load.leave(Permit.at(permits[1], Permit.UNCOUNTED))).isTrue();
            assertThat(load.inFlight()).isEqualTo(1);
        }

        @Test
        void aCallWithoutAPlaceIsAdmittedButNotInFlight() {
            Load wide = new Load(5, 1_000_000);
            enter(wide, PLACES);
            long without = enter(wide, 1)[0];
            assertThat(Permit.place(without)).isEqualTo(CallTable.NONE);
            assertThat(wide.inFlight()).isEqualTo(PLACES);
            assertThat(wide.leave(without)).isTrue();
            assertThat(wide.inFlight()).isEqualTo(PLACES);
        }
    }

    @Nested
    class Counting {
        @Test
        void givesAwayEachOutcomeOnce() {
            load.failed();
            load.failed();
            load.ignored();
            load.succeededUncounted();
            load.succeededUncounted();
            load.succeeded(SECOND);
            assertThat(load.takeFailures()).isEqualTo(2);
            assertThat(load.takeIgnored()).isEqualTo(3);
            Sample sample = new Sample(0, 0);
            assertThat(load.takeLatencies(sample)).isEqualTo(1);
            assertThat(sample.size()).isEqualTo(1);
            assertThat(load.takeFailures() + load.takeIgnored() + load.takeLatencies(sample))
                    .isZero();
        }

        @Test
        void anySuccessEndsTheRow() {
            assertThat(load.failed()).isEqualTo(1);
            assertThat(load.failed()).isEqualTo(2);
            load.ignored();
            assertThat(load.failedInARow(3)).isEqualTo(5);
            load.succeeded(1);
            assertThat(load.failed()).isEqualTo(1);
            load.succeededUncounted();
            assertThat(load.failed()).isEqualTo(1);
        }

        @Test
        void isQuietUntilACallComesOrWhileNoneIsInFlight() {
            assertThat(load.isQuiet()).isFalse();
            load.quiet(true);
            assertThat(load.isQuiet()).isTrue();
            assertThat(load.mayBeQuiet()).isTrue();
            enter(load, 1);
            assertThat(load.isQuiet()).isFalse();
            load.quiet(false);
            assertThat(load.mayBeQuiet()).isFalse();
        }
    }

    @Nested
    class Growing {
        /** A busy one counts elsewhere; what was in flight before is in flight still. */
        @Test
        void admitsNotOneMoreThanTheLimitWhenACalmStripeBecomesABusyOne() {
            long[] before = enter(load, 40);
            load.grow(Stripe.RING + 1, SECOND);
            load.limit(10);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            for (int i = 0; i < 35; i++) {
                assertThat(load.leave(before[i])).isTrue();
            }
            enter(load, 5);
            assertThat(load.inFlight()).isEqualTo(10);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
        }

        @Test
        void losesNothingThatWasCountedBefore() {
            load.failed();
            load.ignored();
            load.refused();
            load.succeeded(SECOND);
            load.grow(Stripe.RING + 1, SECOND);
            load.failed();
            load.ignored();
            load.refused();
            load.succeeded(SECOND);
            assertThat(load.takeFailures()).isEqualTo(2);
            assertThat(load.takeIgnored()).isEqualTo(2);
            assertThat(load.takeRefusals()).isEqualTo(2);
            assertThat(load.takeLatencies(new Sample(0, 0))).isEqualTo(2);
        }

        /** The ring of a calm stripe has forgotten all but the last; a busy one forgets none. */
        @Test
        void keepsTheLatenciesOfAsManyAsComeOnceItIsBusy() {
            load.grow(Stripe.RING, SECOND);
            assertThat(sizeOfSampleOf(100)).isEqualTo(Stripe.RING);
            load.grow(Stripe.RING + 1, SECOND);
            assertThat(sizeOfSampleOf(100)).isEqualTo(100);
        }

        /** Of eight stripes one thread has an eighth of the limit to itself, and asks for the sum beyond. */
        @Test
        void admitsTheLimitAndNotOneMoreOnManyStripes() {
            for (int i = 0; i < 4; i++) {
                load.grow(10_000_000, SECOND);
            }
            enter(load, 50);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(load.inFlight()).isEqualTo(50);
        }

        private int sizeOfSampleOf(int calls) {
            for (int i = 0; i < calls; i++) {
                load.succeeded(SECOND);
            }
            Sample sample = new Sample(0, 0);
            assertThat(load.takeLatencies(sample)).isEqualTo(calls);
            return sample.size();
        }
    }

    /** Where all there can be fit into a small table nothing is counted but there. */
    @Nested
    class Metering {
        private final Load wide = new Load(5, 1_000);

        @Test
        void aLimitThatComesLaterCountsThoseInFlight() {
            long[] before = enter(wide, 10);
            wide.limit(10);
            assertThat(wide.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(wide.inFlight()).isEqualTo(10);
            assertThat(wide.leave(before[3])).isTrue();
            assertThat(wide.leave(before[3])).isFalse();
            enter(wide, 1);
            assertThat(wide.enter(SECOND)).isEqualTo(Breaker.LIMITED);
        }

        @Test
        void aLimitThatGoesAndComesAgainCountsEachOnce() {
            long[] one = enter(wide, 3);
            wide.limit(5);
            long[] two = enter(wide, 2);
            wide.limit(1_000);
            long[] three = enter(wide, 4);
            assertThat(wide.leave(two[0]) && wide.leave(one[0])).isTrue();
            assertThat(wide.inFlight()).isEqualTo(7);
            wide.limit(8);
            assertThat(wide.inFlight()).isEqualTo(7);
            enter(wide, 1);
            assertThat(wide.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(wide.leave(two[1]) && wide.leave(one[1]) && wide.leave(three[0]))
                    .isTrue();
            assertThat(wide.inFlight()).isEqualTo(5);
        }

        @Test
        void aTableThatGrowsKeepsTheLimit() {
            Load load = new Load(5, 40);
            long[] all = enter(load, 40);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(load.inFlight()).isEqualTo(40);
            load.limit(100);
            enter(load, 60);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            for (long each : all) {
                assertThat(load.leave(each)).isTrue();
            }
            assertThat(load.inFlight()).isEqualTo(60);
        }

        @Test
        void anUntimedSuccessLeavesWhetherItIsMeteredOrNot() {
            long[] calls = enter(wide, 4);
            assertThat(wide.succeededUntimed(calls[0])).isTrue();
            assertThat(wide.inFlight()).isEqualTo(3);
            wide.limit(2);
            assertThat(wide.succeededUntimed(calls[1])).isTrue();
            assertThat(wide.succeededUntimed(calls[1])).isFalse();
            assertThat(wide.inFlight()).isEqualTo(2);
            assertThat(wide.takeUntimed()).isEqualTo(2);
        }

        @Test
        void aCallInALaneIsOneOfTheLimit() {
            wide.grow(10_000_000, SECOND);
            long inLane = wide.enter(SECOND);
            assertThat(Lanes.isIn(inLane)).isTrue();
            wide.limit(3);
            long[] others = enter(wide, 2);
            assertThat(wide.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(wide.succeededInLane(inLane, 1)).isTrue();
            assertThat(wide.inFlight()).isEqualTo(2);
            assertThat(Lanes.isIn(enter(wide, 1)[0])).isTrue();
            assertThat(wide.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(wide.leave(others[0])).isTrue();
            assertThat(wide.inFlight()).isEqualTo(2);
        }

        @Test
        void lanesAreNoRoomBeyondTheLimit() {
            Load load = new Load(5, 20);
            load.grow(10_000_000, SECOND);
            enter(load, 20);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(load.inFlight()).isEqualTo(20);
        }

        @Test
        void aLaneGivesBackWhatTheLimitHasNoRoomFor() {
            wide.grow(10_000_000, SECOND);
            long first = wide.enter(SECOND);
            long[] others = enter(wide, 2);
            assertThat(wide.leave(first)).isTrue();
            wide.limit(2);
            assertThat(wide.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(wide.takeRefusals()).isEqualTo(1);
            assertThat(wide.leave(others[0])).isTrue();
            assertThat(Lanes.isIn(enter(wide, 1)[0])).isTrue();
        }

        @Test
        void theHungAreInFlightNoMoreWhereverTheirPlaceIs() {
            wide.grow(10_000_000, SECOND);
            long[] calls = enter(wide, 3);
            wide.limit(10);
            wide.visit(permit -> assertThat(wide.writeOff(permit)).isTrue());
            assertThat(wide.inFlight()).isZero();
            for (long each : calls) {
                assertThat(wide.leave(each)).isFalse();
            }
            assertThat(wide.inFlight()).isZero();
        }
    }

    private static long[] enter(Load load, int calls) {
        long[] permits = new long[calls];
        for (int i = 0; i < calls; i++) {
            permits[i] = load.enter(i * 2_048L);
            assertThat(Breaker.isRefusal(permits[i])).isFalse();
        }
        return permits;
    }
}
