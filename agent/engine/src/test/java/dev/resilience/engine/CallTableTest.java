package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CallTableTest {
    private static final int PLACES = 16 + 254 * 64;

    private final CallTable table = new CallTable();

    @Test
    void holdsEachCallOnceUntilItIsReleased() {
        SplittableRandom random = new SplittableRandom(1);
        Set<Long> held = new HashSet<>();
        List<Long> order = new ArrayList<>();
        for (int step = 0; step < 200_000; step++) {
            if (order.isEmpty() || (random.nextInt(20_000) >= order.size() && held.size() < 9_000)) {
                long permit = table.claimMetered(Permit.of(3, step * 2_048L), random.nextInt(8));
                assertThat(Permit.place(permit)).isNotEqualTo(CallTable.NONE);
                assertThat(held.add(permit)).isTrue();
                order.add(permit);
            } else {
                long permit = order.remove(random.nextInt(order.size()));
                held.remove(permit);
                assertThat(table.release(permit)).isEqualTo(CallTable.Held.METERED_CALL);
                assertThat(table.release(permit)).isEqualTo(CallTable.Held.NOTHING);
            }
        }
        assertThat(visited())
                .containsExactlyInAnyOrderElementsOf(
                        held.stream().map(Permit::inTable).toList());
    }

    @Test
    void findsEveryPlaceThereIsBeforeACallGoesWithout() {
        for (int i = 0; i < PLACES; i++) {
            assertThat(Permit.place(table.claimMetered(Permit.of(3, i * 2_048L), 0)))
                    .isNotEqualTo(CallTable.NONE);
        }
        assertThat(Permit.place(table.claimMetered(Permit.of(3, 0), 0))).isEqualTo(CallTable.NONE);
        assertThat(visited()).hasSize(PLACES);
    }

    @Test
    void keepsThePlacesOfAStripeOnALineOfItsOwnWhileThereIsRoom() {
        assertThat(Permit.place(table.claimMetered(Permit.of(3, 0), 0))).isZero();
        assertThat(Permit.place(table.claimMetered(Permit.of(3, 0), 0))).isEqualTo(1);
        assertThat(Permit.place(table.claimMetered(Permit.of(3, 0), 1))).isEqualTo(8);
        assertThat(Permit.place(table.claimMetered(Permit.of(3, 0), 1))).isEqualTo(9);
    }

    @Test
    void doesNotKnowAPermitOfATableThatHadMorePlaces() {
        assertThat(table.release(Permit.at(Permit.of(3, 0), 1_000))).isEqualTo(CallTable.Held.NOTHING);
        assertThat(table.release(Permit.at(Permit.of(3, 0), CallTable.NONE))).isEqualTo(CallTable.Held.NOTHING);
    }

    @Test
    void knowsNoPlaceRightBehindItsLast() {
        assertThat(table.release(Permit.at(Permit.of(3, 0), 16))).isEqualTo(CallTable.Held.NOTHING);
        assertThat(table.release(Permit.at(Permit.of(3, 0), 64))).isEqualTo(CallTable.Held.NOTHING);
    }

    @Test
    void isSmallForATargetThatIsSeldomCalled() {
        for (int i = 0; i < 1_000; i++) {
            long permit = table.claimMetered(Permit.of(3, i * 2_048L), i % 8);
            assertThat(Permit.place(permit)).isLessThan(16);
            assertThat(table.release(permit)).isEqualTo(CallTable.Held.METERED_CALL);
        }
    }

    @Test
    void aCallThatWantsASmallTableHasNoPlaceInAnother() {
        long placed = table.claimIfSmall(Permit.of(3, 0), 0);
        assertThat(placed).isNotZero();
        assertThat(table.isSmall()).isTrue();
        for (int i = 0; i < CallTable.SMALL; i++) {
            assertThat(table.claimMetered(Permit.of(3, i * 2_048L), 0)).isNotZero();
        }
        assertThat(table.isSmall()).isFalse();
        assertThat(table.release(placed)).isEqualTo(CallTable.Held.CALL);
        assertThat(table.claimIfSmall(Permit.of(3, 0), 0)).isZero();
    }

    /** Neighbours in time are none in memory. */
    @Test
    void spreadsCallsOverWhatWasAdded() {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            places.add(Permit.place(table.claimMetered(Permit.of(3, i * 2_048L), 0)));
        }
        List<Integer> added = places.subList(CallTable.SMALL, places.size());
        assertThat(added).isNotEqualTo(added.stream().sorted().toList());
    }

    private List<Long> visited() {
        List<Long> visited = new ArrayList<>();
        table.visit(visited::add);
        return visited;
    }
}
