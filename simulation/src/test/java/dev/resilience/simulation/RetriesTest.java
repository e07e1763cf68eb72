package dev.resilience.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What our retries promise: a storm they do not feed, and answers where there is room for them. */
class RetriesTest {
    /** A second of forty. */
    private static final double NOISE = 0.025;

    /** A tenth, and what the bucket holds and may owe: 52 of 9000. */
    private static final double MOST_LOAD = 1.11;

    /** With a tenth more to do, nobody's breaker, and a full queue it takes longer until that is worked off. */
    private static final double MOST_LATE = 0.9;

    static LongStream seeds() {
        return LongStream.rangeClosed(1, Boolean.getBoolean("simulation.grid") ? 3 : 1);
    }

    private static Tally play(Setting setting, Scenario scenario, Route.Client client, Guard guard, long seed) {
        return Run.of(setting, scenario.with(client), guard, seed).sick();
    }

    private static Tally storm(Route.Client client, Guard guard, long seed) {
        return play(Setting.SMALL, Scenario.RETRY_STORM, client, guard, seed);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void theApplicationsOwnKeepAStormAlive(long seed) {
        Tally tally = storm(Route.Client.USUAL, Guard.BARE, seed);

        assertThat(tally.loadDuring()).isGreaterThan(1.8);
        assertThat(tally.recoverySeconds()).isInfinite();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void oursAddATenthToItAndLetItEnd(long seed) {
        Tally none = storm(Route.Client.ONCE, Guard.BARE, seed);
        Tally ours = storm(Route.Client.ONCE, Guard.RETRIES, seed);

        assertThat(ours.loadDuring()).isLessThan(MOST_LOAD);
        assertThat(ours.load()).isLessThan(MOST_LOAD);
        assertThat(ours.goodDuring()).isGreaterThan((1 - NOISE) * none.goodDuring());
        assertThat(ours.goodAfter()).isGreaterThan(MOST_LATE * none.goodAfter());
        assertThat(ours.recoverySeconds()).isLessThan(none.recoverySeconds() + 6);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void behindOurBreakerNobodyFeelsThem(long seed) {
        Tally none = storm(Route.Client.ONCE, Guard.ADAPTIVE, seed);
        for (Route.Client client : List.of(Route.Client.ONCE, Route.Client.USUAL)) {
            Tally ours = storm(client, Guard.ADAPTIVE_RETRIES, seed);

            assertThat(ours.loadDuring()).isLessThan(1);
            assertThat(ours.goodDuring()).isGreaterThan((1 - NOISE) * none.goodDuring());
            assertThat(ours.goodAfter()).isGreaterThan((1 - NOISE) * none.goodAfter());
        }
    }

    /** 30 % of the calls fail, and the dependency is idle for a third of the time. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whereThereIsRoomTheyWin(long seed) {
        Tally none = play(Setting.SMALL, Scenario.ERRORS, Route.Client.ONCE, Guard.ADAPTIVE, seed);
        Tally theirs = play(Setting.SMALL, Scenario.ERRORS, Route.Client.USUAL, Guard.ADAPTIVE, seed);
        Tally ours = play(Setting.SMALL, Scenario.ERRORS, Route.Client.ONCE, Guard.ADAPTIVE_RETRIES, seed);

        assertThat(ours.goodDuring()).isGreaterThan(1.3 * none.goodDuring());
        assertThat(ours.goodDuring()).isGreaterThan(theirs.goodDuring());
        assertThat(ours.goodAfter()).isGreaterThan((1 - NOISE) * none.goodAfter());
    }

    /** The same where the retries of all would be more than it can do. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whereThereIsHardlyAnyTheyAreNoWorseThanNone(long seed) {
        Tally none = play(Setting.TIGHT, Scenario.ERRORS, Route.Client.ONCE, Guard.BARE, seed);
        for (Guard guard : List.of(Guard.RETRIES, Guard.ADAPTIVE_RETRIES)) {
            Tally ours = play(Setting.TIGHT, Scenario.ERRORS, Route.Client.ONCE, guard, seed);

            assertThat(ours.goodDuring()).as(guard.name()).isGreaterThan(none.goodDuring());
            assertThat(ours.goodAfter()).as(guard.name()).isGreaterThan((1 - NOISE) * none.goodAfter());
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void thoseOfTheApplicationAreSeenAndOursGiveWay(long seed) {
        Tally alone = storm(Route.Client.USUAL, Guard.BARE, seed);
        List<Retrying> made = new ArrayList<>();
        Guard watched = new Guard("watched", (simulation, random) -> {
            Retrying retrying = new Retrying(Policy.NONE, 3, random, simulation.now());
            made.add(retrying);
            return retrying;
        });
        Tally both = storm(Route.Client.USUAL, watched, seed);

        double itsOwn = alone.load() - 1;
        double requests = Setting.SMALL.rate() * (90 - 20);
        assertThat(made.get(0).repeats() / requests).isBetween(0.9 * itsOwn, 1.05 * itsOwn);
        assertThat(both.load()).isLessThan(alone.load() + 0.02);
    }
}
