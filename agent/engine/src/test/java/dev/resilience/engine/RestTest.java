package dev.resilience.engine;

import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** When a breaker may be left unpulsed, and when it may be forgotten. */
class RestTest {
    static List<BreakerConfig> strategies() {
        return List.of(Bench.CONSECUTIVE, Bench.TIME_WINDOW, Bench.COUNT_WINDOW, Bench.EWMA);
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void isAtRestUntilSomethingSpeaksAgainstItsTarget(BreakerConfig config) {
        Bench bench = new Bench(config);
        assertRest(bench, true, true);

        bench.call(IGNORED);
        assertRest(bench, true, true);

        bench.call(FAILURE);
        assertRest(bench, false, false);

        bench.trip();
        assertRest(bench, false, false);
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void isStillButNotAtRestWhileItWaitsForItsFirstProbe(BreakerConfig config) {
        Bench bench = new Bench(config);
        bench.halfOpen();
        assertRest(bench, false, true);

        long probe = bench.acquire();
        assertRest(bench, false, false);

        bench.settle(probe, IGNORED);
        assertRest(bench, false, true);
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void isAtRestAgainOnceItClosed(BreakerConfig config) {
        Bench bench = new Bench(config);
        bench.close();
        assertRest(bench, true, true);
    }

    @Test
    void timeEmptiesATimeWindow() {
        Bench bench = new Bench(Bench.TIME_WINDOW);
        bench.call(SUCCESS);
        assertRest(bench, false, false);

        bench.pass(Duration.ofMillis(10_900));
        assertRest(bench, true, true);
    }

    @Test
    void aSuccessEndsARow() {
        Bench bench = new Bench(Bench.CONSECUTIVE);
        bench.call(FAILURE);
        bench.call(SUCCESS);
        assertRest(bench, true, true);
    }

    @Test
    void successesAloneKeepNoCountWindow() {
        Bench bench = new Bench(Bench.COUNT_WINDOW);
        bench.calls(5, SUCCESS);
        bench.call(FAILURE);
        assertRest(bench, false, false);

        bench.calls(20, SUCCESS);
        assertRest(bench, true, true);
    }

    @Test
    void successesBringAnAverageDownToNothing() {
        Bench bench = new Bench(Bench.EWMA);
        bench.calls(19, FAILURE);
        bench.calls(100, SUCCESS);
        assertRest(bench, false, false);

        bench.calls(100, SUCCESS);
        assertRest(bench, true, true);
    }

    @Test
    void aPeriodWithoutCallsEmptiesTwoDimensions() {
        Bench bench = new Bench(Bench.TWO_DIMENSION);
        assertRest(bench, true, true);
        bench.call(SUCCESS);
        assertRest(bench, false, false);

        bench.pass(Duration.ofSeconds(10));
        assertRest(bench, false, false);
        bench.pass(Duration.ofSeconds(10));
        assertRest(bench, true, true);
    }

    @Test
    void timeEmptiesBothWindowsOfAnObjective() {
        Bench bench = new Bench(Bench.SLO);
        assertRest(bench, true, true);
        bench.call(SUCCESS);
        assertRest(bench, false, false);

        bench.pass(Duration.ofSeconds(298));
        assertRest(bench, false, false);
        bench.pass(Duration.ofSeconds(3));
        assertRest(bench, true, true);
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void decidesAfterAnUnpulsedHourAsIfItHadBeenPulsed(BreakerConfig config) {
        Bench unpulsed = new Bench(config);
        Bench pulsed = new Bench(config);
        for (Bench bench : List.of(unpulsed, pulsed)) {
            bench.calls(3, SUCCESS);
            bench.pass(Duration.ofSeconds(11));
        }
        unpulsed.jump(Duration.ofHours(1));
        pulsed.pass(Duration.ofHours(1));
        for (Bench bench : List.of(unpulsed, pulsed)) {
            bench.calls(4, FAILURE);
            bench.pass(Duration.ofSeconds(3));
            bench.calls(30, FAILURE);
        }
        assertThat(unpulsed.breaker.counts()).isEqualTo(pulsed.breaker.counts());
        assertThat(unpulsed.transitions).isEqualTo(pulsed.transitions);
    }

    private static void assertRest(Bench bench, boolean atRest, boolean still) {
        assertThat(bench.breaker.isAtRest()).as("at rest").isEqualTo(atRest);
        assertThat(bench.breaker.isStill()).as("still").isEqualTo(still);
    }
}
