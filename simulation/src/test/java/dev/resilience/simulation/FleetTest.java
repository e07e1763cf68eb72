package dev.resilience.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Twenty guards that know nothing of each other, before one dependency that is four times slower for a while. */
class FleetTest {
    private static final double LEFT = Report.left(Setting.MEDIUM);

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 3);
    }

    private static Fleet brownout(Guard guard, long seed) {
        return Fleet.of(Setting.MEDIUM, Scenario.BROWNOUT, guard, Fleet.CLIENTS, seed);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void withoutGuardsNobodyIsServed(long seed) {
        assertThat(brownout(Guard.BARE, seed).goodSettled()).as("seed %d", seed).isLessThan(0.05 * LEFT);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void vegasShowsThatAllThatIsLeftCanBeSharedFairly(long seed) {
        Fleet fleet = brownout(Guard.VEGAS, seed);

        assertThat(fleet.goodSettled()).as("seed %d", seed).isGreaterThan(0.95 * LEFT);
        assertThat(fleet.leastShare()).as("seed %d", seed).isGreaterThan(0.9);
        assertThat(fleet.greatestShare()).as("seed %d", seed).isLessThan(1.1);
        assertThat(fleet.convergenceSeconds(LEFT)).as("seed %d", seed).isLessThan(20);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void adaptiveKeepsAllThatIsLeftAndComesBackWithAllClients(long seed) {
        Fleet fleet = brownout(Guard.ADAPTIVE, seed);

        assertThat(fleet.goodAtEnd()).as("seed %d", seed).isGreaterThan(0.98 * fleet.goodBefore());
        assertThat(fleet.goodSettled()).as("seed %d", seed).isGreaterThan(0.95 * LEFT);
        assertThat(fleet.convergenceSeconds(LEFT)).as("seed %d", seed).isLessThan(20);
        assertThat(fleet.leastShare()).as("seed %d", seed).isGreaterThan(ADAPTIVE_LEAST);
        assertThat(fleet.greatestShare()).as("seed %d", seed).isLessThan(ADAPTIVE_GREATEST);
    }

    /** Each learns from what the others leave: what they take for usual must not rise with that, round by round. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void adaptiveKeepsWhatIsLeftForFiveMinutes(long seed) {
        Fleet fleet = Fleet.of(Setting.MEDIUM, Scenario.LONG_BROWNOUT, Guard.ADAPTIVE, Fleet.CLIENTS, seed);

        assertThat(fleet.goodInLastThird()).as("seed %d", seed).isGreaterThan(0.95 * LEFT);
        assertThat(fleet.goodAtEnd()).as("seed %d", seed).isGreaterThan(0.97 * fleet.goodBefore());
        assertThat(fleet.leastShare()).as("seed %d", seed).isGreaterThan(ADAPTIVE_LEAST);
        assertThat(fleet.greatestShare()).as("seed %d", seed).isLessThan(ADAPTIVE_GREATEST);
    }

    /* Where the shares stand, so that they cannot get worse unseen. The goal is what Vegas does. */
    private static final double ADAPTIVE_LEAST = 0.6;
    private static final double ADAPTIVE_GREATEST = 1.9;
}
