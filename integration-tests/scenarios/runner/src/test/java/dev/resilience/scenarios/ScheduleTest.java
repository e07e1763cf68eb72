package dev.resilience.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.scenarios.Schedule.Arrival;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static final long SECOND = 1_000_000_000L;

    private final List<Arrival> arrivals = Schedule.of(200, 100, 10 * SECOND, 100 * SECOND, 7);

    @Test
    void isTheSameForTheSameSeed() {
        assertThat(Schedule.of(200, 100, 10 * SECOND, 100 * SECOND, 7)).isEqualTo(arrivals);
        assertThat(Schedule.of(200, 100, 10 * SECOND, 100 * SECOND, 8)).isNotEqualTo(arrivals);
    }

    @Test
    void comesInTheOrderOfTime() {
        assertThat(arrivals).isSortedAccordingTo(Comparator.comparingLong(Arrival::nanos));
        assertThat(arrivals.get(0).nanos()).isBetween(-10 * SECOND, -8 * SECOND);
    }

    @Test
    void hasEachPagesRateAfterTheWarmUp() {
        assertThat(count('a', 0, 100)).isBetween(19_500L, 20_500L);
        assertThat(count('b', 0, 100)).isBetween(9_600L, 10_400L);
    }

    @Test
    void growsFromNothingInTheWarmUp() {
        assertThat(count('a', -10, -5)).isBetween(200L, 300L);
        assertThat(count('a', -5, 0)).isBetween(680L, 820L);
    }

    private long count(char page, long from, long to) {
        return arrivals.stream()
                .filter(one -> one.page() == page && one.nanos() >= from * SECOND && one.nanos() < to * SECOND)
                .count();
    }
}
