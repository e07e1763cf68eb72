package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LanesTest {
    private static final long SECOND = 1_000_000_000;

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

    @Test
    void placesOutsideOfItAreNoLanes() {
        for (int place : new int[] {
            0, Permit.LANE - 1, Permit.LANE + Striping.MOST, Permit.UNCOUNTED, Permit.PROBE, CallTable.NONE
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

    private List<Long> visited() {
        List<Long> visited = new ArrayList<>();
        Lanes.visit(lanes, visited::add);
        return visited;
    }
}
