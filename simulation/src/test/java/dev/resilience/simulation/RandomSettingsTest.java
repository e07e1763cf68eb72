package dev.resilience.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.engine.Strategy;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What our guards promise in settings nobody chose. A failure names the seed; {@code -Dsimulation.seed=N} plays that one alone, and
 * {@code -Psimulation} more of them.
 */
class RandomSettingsTest {
    private static final Duration OPEN_FOR = Duration.ofSeconds(1);
    private static final Duration MAX_OPEN_FOR = Duration.ofSeconds(4);

    /** The strategies with thresholds, with short waits, so that a run sees them come back. */
    private static final List<Guard> BREAKERS = List.of(
            Guard.breaker("consecutive", new Strategy.Consecutive(5), OPEN_FOR, MAX_OPEN_FOR),
            Guard.breaker(
                    "time-window",
                    new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.5),
                    OPEN_FOR,
                    MAX_OPEN_FOR),
            Guard.breaker("count-window", new Strategy.CountWindow(100, 20, 0.5), OPEN_FOR, MAX_OPEN_FOR),
            Guard.breaker("ewma", new Strategy.Ewma(0.2, 20, 0.5), OPEN_FOR, MAX_OPEN_FOR));

    /** Half a second of a run of 55. */
    private static final double NOISE = 0.01;

    static LongStream seeds() {
        Long one = Long.getLong("simulation.seed");
        int last = Boolean.getBoolean("simulation.grid") ? 300 : 20;
        return one == null ? LongStream.rangeClosed(1, last) : LongStream.of(one);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void breakersHurtNobodyElseAndComeBack(long seed) {
        Drawn drawn = Drawn.of(seed);
        Run bare = drawn.run(Guard.BARE, seed);
        for (Guard guard : BREAKERS) {
            Run run = drawn.run(guard, seed);
            String what = guard.name() + ", seed " + seed + ": " + drawn;

            assertThat(Drawn.shed(run)).as("shed while healthy, %s", what).isZero();
            assertThat(Drawn.neighbourLost(run, bare))
                    .as("the neighbour lost, %s", what)
                    .isLessThan(NOISE);
            assertThat(Drawn.isAlive(run) || !Drawn.isAlive(bare))
                    .as("alive again, %s", what)
                    .isTrue();
        }
    }

    /** Alive even where the bare service is dead: its deadline ends what hangs. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void adaptiveIsAliveAgainAndNoWorseThanNothing(long seed) {
        Drawn drawn = Drawn.of(seed);
        Run bare = drawn.run(Guard.BARE, seed);
        Run run = drawn.run(Guard.ADAPTIVE, seed);
        String what = "adaptive, seed " + seed + ": " + drawn;

        assertThat(Drawn.isAlive(run)).as("alive again, %s", what).isTrue();
        assertThat(Drawn.lostAfter(run, bare)).as("lost afterwards, %s", what).isLessThan(NOISE);
        assertThat(drawn.lostDuring(run, bare)).as("lost meanwhile, %s", what).isLessThan(ADAPTIVE_LOST);
        assertThat(Drawn.neighbourLost(run, bare))
                .as("the neighbour lost, %s", what)
                .isLessThan(NOISE);
        assertThat(Drawn.shed(run)).as("shed while healthy, %s", what).isLessThan(ADAPTIVE_SHED);
    }

    /*
     * Where it stands, so that it cannot get worse unseen: just above the worst of seeds 1 to 300, which shed 2.5 % (seed 234) and lost
     * 12 % meanwhile (17). The goal is 0.0001 for what is shed, and NOISE for what is lost; in how many settings it is reached stands
     * in the report.
     */
    private static final double ADAPTIVE_SHED = 0.026;
    private static final double ADAPTIVE_LOST = 0.125;
}
