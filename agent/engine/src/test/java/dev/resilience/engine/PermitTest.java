package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PermitTest {
    private static final long UNIT = 1_024;
    private static final long WRAP = UNIT << 38;

    @ParameterizedTest
    @ValueSource(longs = {0, 1, UNIT - 1, UNIT, -1, -UNIT, Long.MIN_VALUE, Long.MAX_VALUE, WRAP, WRAP - 1, -WRAP})
    void keepsGenerationPlaceAndStartApart(long start) {
        for (long generation : new long[] {0, 1, 2_048, 4_095}) {
            long permit = Permit.of(generation, start);
            assertThat(Permit.place(permit)).isZero();
            for (int place : new int[] {0, 1, 63, 64, 16_319, Permit.PROBE, CallTable.NONE}) {
                long placed = Permit.at(permit, place);
                assertThat(Permit.place(placed)).isEqualTo(place);
                assertThat(Permit.generation(placed)).isEqualTo(generation);
                assertThat(Permit.ageNanos(placed, start)).isBetween(-UNIT, UNIT);
                assertThat(Permit.ageNanos(placed, start + 5 * UNIT)).isBetween(4 * UNIT, 6 * UNIT);
                assertThat(placed).isNotIn(0L, Breaker.REFUSED, Breaker.LIMITED);
                assertThat(Permit.at(placed, 7)).isEqualTo(Permit.at(permit, 7));
            }
        }
    }

    @Test
    void isAsOldAsItsCallOverTheWrapOfTheClockAndOfItself() {
        for (long start : new long[] {WRAP - UNIT, -UNIT, Long.MAX_VALUE - UNIT + 1, 3 * WRAP - 5 * UNIT}) {
            for (Duration age : new Duration[] {Duration.ofMillis(1), Duration.ofMinutes(1), Duration.ofHours(39)}) {
                assertThat(Permit.ageNanos(Permit.of(5, start), start + age.toNanos()))
                        .isBetween(age.toNanos() - UNIT, age.toNanos() + UNIT);
            }
        }
    }

    /** No permit is 0. */
    @Test
    void saysTheNextUnitWhereTheStartWouldBeNone() {
        for (long start : new long[] {0, WRAP, -WRAP, Long.MIN_VALUE}) {
            assertThat(Permit.of(5, start)).isEqualTo(Permit.of(5, start + UNIT));
            assertThat(Permit.of(5, start - 1)).isNotEqualTo(Permit.of(5, start));
        }
    }

    @Test
    void ofTheFutureIsYoungerThanNothing() {
        assertThat(Permit.ageNanos(Permit.of(1, 1_000_000), 0)).isBetween(-1_000_000L - UNIT, -999_000L);
        assertThat(Permit.ageNanos(Permit.of(1, Duration.ofHours(39).toNanos()), 0))
                .isNegative();
    }

    @Test
    void aTableHasNoPlaceWithTheNumberOfAProbeOrOfNone() {
        CallTable table = new CallTable();
        for (int i = 0; i < 20_000; i++) {
            long permit = table.claimMetered(Permit.of(1, i * UNIT), 0);
            assertThat(Permit.place(permit)).isNotEqualTo(Permit.PROBE);
        }
    }
}
