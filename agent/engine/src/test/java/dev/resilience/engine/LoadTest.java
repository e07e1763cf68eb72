package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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
        void knowsItsGenerationAndItsLimit() {
            assertThat(load.generation()).isEqualTo(5);
            assertThat(load.limit()).isEqualTo(50);
            load.limit(7);
            assertThat(load.limit()).isEqualTo(7);
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
            assertThat(wide.inFlight()).isEqualTo(3);
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
            Load load = new Load(5, CallTable.SMALL);
            load.grow(10_000_000, SECOND);
            enter(load, CallTable.SMALL);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            assertThat(load.inFlight()).isEqualTo(CallTable.SMALL);
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
            assertThat(Lanes.isIn(wide.enter(SECOND)))
                    .as("the lane of one that hangs")
                    .isFalse();
            for (long each : calls) {
                assertThat(wide.writeOff(each)).isFalse();
                assertThat(wide.leave(each)).isFalse();
            }
            assertThat(wide.inFlight()).isEqualTo(1);
            assertThat(Lanes.isIn(wide.enter(SECOND))).isTrue();
        }

        @Test
        void aSuccessInALaneCountsOnceAndEndsTheRow() {
            wide.grow(10_000_000, SECOND);
            long timed = wide.enter(SECOND);
            wide.failed();
            assertThat(wide.succeededInLane(timed, SECOND)).isTrue();
            assertThat(wide.failed()).isEqualTo(1);
            assertThat(wide.succeededInLane(timed, SECOND)).isFalse();
            assertThat(wide.failed()).isEqualTo(2);

            long untimed = wide.enter(2 * SECOND);
            assertThat(Lanes.isIn(untimed)).isTrue();
            assertThat(wide.succeededUntimed(untimed)).isTrue();
            assertThat(wide.failed()).isEqualTo(1);
            assertThat(wide.succeededUntimed(untimed)).isFalse();
            assertThat(wide.failed()).isEqualTo(2);
            assertThat(wide.takeLatencies(new Sample(0, 0))).isEqualTo(1);
            assertThat(wide.takeUntimed()).isEqualTo(1);
        }

        @Test
        void aCalmOneThatIsBusyHasNoLanes() {
            wide.grow(Stripe.RING + 1, SECOND);
            assertThat(Lanes.isIn(wide.enter(SECOND))).isFalse();
        }

        @Test
        void aCallBeyondASmallTableIsInFlightHoweverOftenTheLimitGoes() {
            for (int i = 0; i <= CallTable.SMALL; i++) {
                assertThat(wide.enter(i * 2_048L)).isNotZero();
                wide.limit(1_000);
            }
            assertThat(wide.inFlight()).isEqualTo(CallTable.SMALL + 1);
        }

        @Test
        void whatEndedUntimedOnACalmStripeIsNotInFlightOnABusyOne() {
            long[] calls = enter(wide, 4);
            assertThat(wide.succeededUntimed(calls[0])).isTrue();
            wide.grow(Stripe.RING + 1, SECOND);
            wide.limit(5);
            assertThat(wide.inFlight()).isEqualTo(3);
        }
    }

    /** Two stripes, and a thread of each. */
    @Nested
    class Sharing {
        private static final int LIMIT = 20;

        private final Load shared = new Load(5, LIMIT);
        private final ExecutorService[] threads = {threadOf(0), threadOf(1)};

        @BeforeEach
        void isBusy() {
            shared.grow(150_000, SECOND);
        }

        @AfterEach
        void close() {
            for (ExecutorService each : threads) {
                each.shutdown();
            }
        }

        @Test
        void admitsNotOneMoreThanTheLimitInTurns() {
            for (int i = 0; i < LIMIT; i++) {
                assertThat(Breaker.isRefusal(enterOn(i % 2))).isFalse();
            }
            assertThat(enterOn(0)).isEqualTo(Breaker.LIMITED);
            assertThat(enterOn(1)).isEqualTo(Breaker.LIMITED);
            assertThat(shared.inFlight()).isEqualTo(LIMIT);
        }

        @Test
        void aLaneCountsToTheShareOfItsStripe() {
            long inLane = enterOn(0);
            assertThat(Lanes.isIn(inLane)).isTrue();
            for (int i = 1; i < LIMIT; i++) {
                assertThat(Breaker.isRefusal(enterOn(i % 2))).isFalse();
            }
            assertThat(shared.leave(inLane)).isTrue();
            assertThat(Breaker.isRefusal(enterOn(1))).isFalse();
            assertThat(enterOn(0)).isEqualTo(Breaker.LIMITED);
        }

        @Test
        void aStripeWhereMoreEndedThanBeganAsksForTheSum() {
            assertThat(Lanes.isIn(enterOn(1))).isTrue();
            long ended = 0;
            for (int i = 1; i < LIMIT; i++) {
                ended = enterOn(0);
                assertThat(Breaker.isRefusal(ended)).isFalse();
            }
            long last = ended;
            assertThat(on(1, () -> shared.leave(last) ? 1 : 0)).isEqualTo(1);
            assertThat(Breaker.isRefusal(enterOn(0))).isFalse();
            assertThat(enterOn(1)).isEqualTo(Breaker.LIMITED);
        }

        @Test
        void aBusyThreadOwnsItsLaneAndItsCallsMayEndOnAnother() {
            for (int i = 0; i < 3 * Lanes.OWNED; i++) {
                long call = enterOn(0);
                assertThat(Lanes.isIn(call)).isTrue();
                assertThat(on(i % 2, () -> shared.succeededInLane(call, 1) ? 1 : 0))
                        .isEqualTo(1);
                assertThat(shared.inFlight()).isZero();
            }
            long first = enterOn(0);
            assertThat(Lanes.isIn(enterOn(0))).as("one at a time").isFalse();
            assertThat(on(1, () -> shared.leave(first) ? 1 : 0)).isEqualTo(1);
            assertThat(shared.inFlight()).isEqualTo(1);
            assertThat(Lanes.isIn(enterOn(0))).isTrue();
            assertThat(shared.takeLatencies(new Sample(0, 0))).isEqualTo(3 * Lanes.OWNED);
        }

        @Test
        void anOwnersCallsAreOfTheLimit() {
            for (int i = 0; i < Lanes.OWNED; i++) {
                assertThat(shared.leave(enterOn(0))).isTrue();
            }
            long inLane = enterOn(0);
            assertThat(Lanes.isIn(inLane)).isTrue();
            for (int i = 1; i < LIMIT; i++) {
                assertThat(Breaker.isRefusal(enterOn(1))).isFalse();
            }
            assertThat(enterOn(1)).isEqualTo(Breaker.LIMITED);
            assertThat(shared.leave(inLane)).isTrue();
            assertThat(Breaker.isRefusal(enterOn(1))).isFalse();
            assertThat(enterOn(1)).isEqualTo(Breaker.LIMITED);
            assertThat(shared.inFlight()).isEqualTo(LIMIT);
        }

        /** What the pulse does, each time. */
        @Test
        void aLaneOfAThreadThatStaysAwayIsForOthersAgain() {
            for (int i = 0; i < Lanes.OWNED; i++) {
                assertThat(shared.leave(enterOn(0))).isTrue();
            }
            ExecutorService other = anotherOfTheLaneOf(threads[0]);
            assertThat(Lanes.isIn(on(other, () -> shared.enter(SECOND)))).isFalse();
            shared.grow(0, SECOND);
            assertThat(Lanes.isIn(on(other, () -> shared.enter(SECOND)))).isTrue();
            other.shutdown();
        }

        private static ExecutorService anotherOfTheLaneOf(ExecutorService thread) {
            long stripe = on(thread, () -> Striping.ofThread(Striping.MOST));
            while (true) {
                ExecutorService other = Executors.newSingleThreadExecutor();
                if (on(other, () -> Striping.ofThread(Striping.MOST)) == stripe) {
                    return other;
                }
                other.shutdown();
            }
        }

        private static long on(ExecutorService thread, LongSupplier call) {
            return CompletableFuture.supplyAsync(call::getAsLong, thread).join();
        }

        private long enterOn(int stripe) {
            return on(stripe, () -> shared.enter(SECOND));
        }

        private long on(int stripe, LongSupplier call) {
            return on(threads[stripe], call);
        }

        private static ExecutorService threadOf(int stripe) {
            while (true) {
                ExecutorService thread = Executors.newSingleThreadExecutor();
                if (CompletableFuture.supplyAsync(() -> Striping.ofThread(2), thread)
                                .join()
                        == stripe) {
                    return thread;
                }
                thread.shutdown();
            }
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
