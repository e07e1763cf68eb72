package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LanesTest {
    private static final long SECOND = 1_000_000_000;

    /** Two threads of one stripe. */
    private static final long ONE = 5;

    private static final long OTHER = anotherOfTheStripeOf(ONE);

    private final long[] lanes = Lanes.create();

    @Test
    void aLaneIsForOneCallAtATime() {
        long first = Lanes.claim(lanes, Permit.of(3, SECOND), 5);
        assertThat(Lanes.isIn(first)).isTrue();
        assertThat(Permit.generation(first)).isEqualTo(3);
        assertThat(Lanes.claim(lanes, Permit.of(3, SECOND), 5)).isZero();
        assertThat(visited()).containsExactly(first);
        assertThat(Lanes.leave(lanes, first)).isTrue();
        assertThat(Lanes.leave(lanes, first)).isFalse();
        assertThat(visited()).isEmpty();
        assertThat(Lanes.claim(lanes, Permit.of(3, 2 * SECOND), 5)).isNotZero();
        assertThat(Lanes.size(lanes)).isEqualTo(1);
    }

    @Test
    void eachStripeHasItsOwn() {
        for (int thread = 0; thread < Striping.MOST; thread++) {
            assertThat(Lanes.claim(lanes, Permit.of(3, SECOND), threadOf(thread)))
                    .isNotZero();
        }
        assertThat(Lanes.size(lanes)).isEqualTo(Striping.MOST);
        assertThat(visited()).hasSize(Striping.MOST).doesNotHaveDuplicates();
    }

    private static long threadOf(int stripe) {
        return LongStream.range(1, 1_000)
                .filter(thread -> Striping.of(thread, Striping.MOST) == stripe)
                .findFirst()
                .orElseThrow();
    }

    private static long anotherOfTheStripeOf(long thread) {
        return LongStream.range(thread + 1, 1_000)
                .filter(other -> Striping.of(other, Striping.MOST) == Striping.of(thread, Striping.MOST))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void placesOutsideOfItAreNoLanes() {
        for (int place : new int[] {
            0, Permit.LANE - 1, Permit.LANE + 2 * Striping.MOST, Permit.UNCOUNTED, Permit.PROBE, CallTable.NONE
        }) {
            assertThat(Lanes.isIn(Permit.at(Permit.of(3, SECOND), place))).isFalse();
        }
    }

    @Test
    void countsLatenciesAndWhatWasNotTimedOnce() {
        SplittableRandom random = new SplittableRandom(5);
        Sample expected = new Sample(0, 0);
        for (int i = 0; i < 10_000; i++) {
            long nanos = random.nextLong(1L << random.nextInt(1, 40));
            assertThat(Lanes.succeeded(lanes, Lanes.claim(lanes, Permit.of(3, i), 5), nanos))
                    .isTrue();
            expected.add(nanos);
        }
        assertThat(Lanes.succeededUntimed(lanes, Lanes.claim(lanes, Permit.of(3, SECOND), 5)))
                .isTrue();
        Sample counted = new Sample(0, 0);
        assertThat(Lanes.takeLatencies(lanes, counted)).isEqualTo(10_000);
        assertThat(counted.packed()).isEqualTo(expected.packed());
        assertThat(Lanes.takeUntimed(lanes)).isEqualTo(1);
        assertThat(Lanes.takeLatencies(lanes, counted) + Lanes.takeUntimed(lanes))
                .isZero();
    }

    @Test
    void whatWasWrittenOffIsNotInFlightAndKeepsItsLaneUntilItEnds() {
        long hung = Lanes.claim(lanes, Permit.of(3, SECOND), 5);
        assertThat(Lanes.writeOff(lanes, visited().get(0))).isTrue();
        assertThat(Lanes.writeOff(lanes, hung)).isFalse();
        assertThat(visited()).isEmpty();
        assertThat(Lanes.size(lanes)).isZero();
        assertThat(Lanes.claim(lanes, Permit.of(3, 2 * SECOND), 5)).isZero();
        assertThat(Lanes.succeeded(lanes, hung, SECOND)).isFalse();
        assertThat(Lanes.succeededUntimed(lanes, hung)).isFalse();
        assertThat(Lanes.takeLatencies(lanes, new Sample(0, 0)) + Lanes.takeUntimed(lanes))
                .isZero();
        assertThat(Lanes.claim(lanes, Permit.of(3, 2 * SECOND), 5)).isNotZero();
    }

    @Test
    void aCallThatEndsLateDoesNotEndAnother() {
        long ended = Lanes.claim(lanes, Permit.of(3, SECOND), 5);
        Lanes.leave(lanes, ended);
        long other = Lanes.claim(lanes, Permit.of(3, 2 * SECOND), 5);
        assertThat(Lanes.succeeded(lanes, ended, 1)).isFalse();
        assertThat(Lanes.writeOff(lanes, ended)).isFalse();
        assertThat(visited()).containsExactly(other);
    }

    @Test
    void aThreadThatTookALaneOftenEnoughInARowOwnsIt() {
        take(ONE, Lanes.OWNED - 1);
        assertThat(isFree(OTHER)).isTrue();
        take(ONE, Lanes.OWNED - 1);
        assertThat(isFree(OTHER)).as("another in between begins it anew").isTrue();
        take(ONE, Lanes.OWNED);
        assertThat(isFree(OTHER)).isFalse();
        assertThat(isFree(ONE)).isTrue();
        take(ONE, 10 * Lanes.OWNED);
        assertThat(isFree(OTHER)).isFalse();
        assertThat(Lanes.takeLatencies(lanes, new Sample(0, 0))).isEqualTo(13 * Lanes.OWNED - 2);
    }

    @Test
    void anOwnedLaneIsForOneCallAtATimeToo() {
        take(ONE, Lanes.OWNED);
        long first = claim(ONE);
        assertThat(visited()).containsExactly(first);
        assertThat(Lanes.isIn(first)).isTrue();
        assertThat(claim(ONE)).isZero();
        assertThat(claim(OTHER)).isZero();
        assertThat(Lanes.succeeded(lanes, first, 1)).isTrue();
        assertThat(Lanes.succeeded(lanes, first, 1)).isFalse();
        assertThat(visited()).isEmpty();
        assertThat(claim(OTHER)).isZero();
        assertThat(claim(ONE)).isNotZero();
        assertThat(Lanes.size(lanes)).isEqualTo(1);
    }

    @Test
    void whoOwnsOneLaneOwnsNoOther() {
        take(ONE, Lanes.OWNED);
        for (int stripe = 0; stripe < Striping.MOST; stripe++) {
            long thread = threadOf(stripe);
            assertThat(isFree(thread)).isEqualTo(Striping.of(ONE, Striping.MOST) != stripe || thread == ONE);
        }
    }

    /** So that who goes, as the lane was given away meanwhile, takes none of the owner with him. */
    @Test
    void theCallOfAnOwnerIsLikeNoOtherOfThatInstant() {
        long shared = claim(ONE);
        Lanes.leave(lanes, shared);
        take(ONE, Lanes.OWNED);
        long owned = claim(ONE);
        assertThat(owned).isNotEqualTo(shared);
        assertThat(Lanes.leave(lanes, shared)).isFalse();
        assertThat(visited()).containsExactly(owned);
    }

    @Test
    void aLaneSeldomTakenIsSharedAgainAndABusyOneIsNot() {
        take(ONE, Lanes.OWNED);
        take(ONE, Lanes.WORTH_IT);
        Lanes.share(lanes);
        assertThat(isFree(OTHER)).isFalse();
        take(ONE, Lanes.WORTH_IT);
        Lanes.share(lanes);
        assertThat(isFree(OTHER)).isFalse();
        take(ONE, Lanes.WORTH_IT - 1);
        Lanes.share(lanes);
        assertThat(isFree(OTHER)).isTrue();
    }

    @Test
    void aLaneTakenBackIsOwnedWhenItWasTakenOftenEnoughAnew() {
        take(ONE, Lanes.OWNED);
        Lanes.share(lanes);
        take(ONE, Lanes.OWNED - 1);
        assertThat(isFree(OTHER)).isTrue();
        take(ONE, Lanes.OWNED);
        Lanes.share(lanes);
        take(ONE, Lanes.OWNED);
        assertThat(isFree(OTHER)).isFalse();
    }

    @Test
    void aCallInALaneThatIsTakenBackCountsAsItDid() {
        take(ONE, Lanes.OWNED);
        long call = claim(ONE);
        Lanes.share(lanes);
        assertThat(visited()).containsExactly(call);
        assertThat(claim(OTHER)).isZero();
        assertThat(claim(ONE)).isZero();
        assertThat(Lanes.succeededUntimed(lanes, call)).isTrue();
        assertThat(Lanes.takeUntimed(lanes)).isEqualTo(1);
        assertThat(isFree(OTHER)).isTrue();
    }

    @Test
    void aCallOfAnOwnerThatHangsIsWrittenOffAndTheLaneIsStillHis() {
        take(ONE, Lanes.OWNED);
        Lanes.takeLatencies(lanes, new Sample(0, 0));
        long hung = claim(ONE);
        assertThat(Lanes.writeOff(lanes, hung)).isTrue();
        assertThat(Lanes.writeOff(lanes, hung)).isFalse();
        assertThat(visited()).isEmpty();
        assertThat(claim(ONE)).isZero();
        assertThat(claim(OTHER)).isZero();
        assertThat(Lanes.succeeded(lanes, hung, 1)).isFalse();
        assertThat(Lanes.takeLatencies(lanes, new Sample(0, 0))).isZero();
        assertThat(isFree(OTHER)).isFalse();
        assertThat(isFree(ONE)).isTrue();
    }

    /** Beside a map of what is in flight: eight threads in three lanes, now one busy, now another. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void nothingIsLostNorCountedTwiceWhoeverComesAndGoes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long[] threads = LongStream.range(1, 1_000)
                .filter(thread -> Striping.of(thread, Striping.MOST) < 3)
                .limit(8)
                .toArray();
        Map<Integer, Long> inFlight = new HashMap<>();
        Map<Integer, Long> hung = new HashMap<>();
        long busy = threads[0];
        int timed = 0;
        int untimed = 0;
        Sample sample = new Sample(0, 0);
        for (int step = 0; step < 50_000; step++) {
            busy = random.nextInt(300) == 0 ? threads[random.nextInt(threads.length)] : busy;
            long thread = random.nextInt(50) == 0 ? threads[random.nextInt(threads.length)] : busy;
            int lane = Striping.of(thread, Striping.MOST);
            long permit = Lanes.claim(lanes, Permit.of(3, step * 2_048L), thread);
            if (inFlight.containsKey(lane) || hung.containsKey(lane)) {
                assertThat(permit).as("step %d", step).isZero();
            } else if (permit != 0) {
                inFlight.put(lane, permit);
            }
            if (random.nextInt(10) != 0) {
                Long ends = inFlight.remove(lane);
                Long late = hung.remove(lane);
                int kind = random.nextInt(3);
                for (Long call : new Long[] {ends, late}) {
                    if (call != null) {
                        boolean counts = kind == 0
                                ? Lanes.succeeded(lanes, call, random.nextLong(SECOND))
                                : kind == 1 ? Lanes.succeededUntimed(lanes, call) : Lanes.leave(lanes, call);
                        assertThat(counts).as("step %d", step).isEqualTo(call.equals(ends));
                    }
                }
                timed += ends != null && kind == 0 ? 1 : 0;
                untimed += ends != null && kind == 1 ? 1 : 0;
            }
            if (random.nextInt(100) == 0 && inFlight.containsKey(lane)) {
                long call = inFlight.remove(lane);
                assertThat(Lanes.writeOff(lanes, call)).isTrue();
                hung.put(lane, call);
            }
            if (random.nextInt(1_000) == 0) {
                Lanes.share(lanes);
                timed -= Lanes.takeLatencies(lanes, sample);
                untimed -= Lanes.takeUntimed(lanes);
                assertThat(timed).as("step %d", step).isZero();
                assertThat(untimed).as("step %d", step).isZero();
                assertThat(visited()).containsExactlyInAnyOrderElementsOf(inFlight.values());
            }
            assertThat(Lanes.size(lanes)).as("step %d", step).isEqualTo(inFlight.size());
        }
    }

    private void take(long thread, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(Lanes.succeeded(lanes, claim(thread), 1)).isTrue();
        }
    }

    private long claim(long thread) {
        return Lanes.claim(lanes, Permit.of(3, SECOND), thread);
    }

    /** For a call of this thread, which comes and goes. */
    private boolean isFree(long thread) {
        long permit = claim(thread);
        return permit != 0 && Lanes.leave(lanes, permit);
    }

    private List<Long> visited() {
        List<Long> visited = new ArrayList<>();
        Lanes.visit(lanes, visited::add);
        return visited;
    }
}
