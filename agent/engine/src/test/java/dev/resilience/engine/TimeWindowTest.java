package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimeWindowTest {
    private final Bench bench = new Bench(Bench.TIME_WINDOW);

    @ParameterizedTest(name = "{1} of {2} at {0}: {3}")
    @CsvSource({
        "0.5, 10, 20, CLOSED",
        "0.5, 11, 20, OPEN",
        "0.5, 11, 19, CLOSED",
        "0.5, 19, 19, CLOSED",
        "0.5, 20, 20, OPEN",
        "0.07, 7, 100, CLOSED",
        "0.07, 8, 100, OPEN",
        "0.29, 29, 100, CLOSED",
        "0.29, 30, 100, OPEN",
        "0.58, 58, 100, CLOSED",
        "0.999999999999, 20, 20, OPEN",
        "0.000000000001, 1, 20, OPEN"
    })
    void tripsWhenMoreThanTheRateFailed(double rate, int failures, int calls, BreakerState expected) {
        Bench rated = new Bench(Bench.config(new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, rate)));
        rated.calls(calls - failures, SUCCESS);
        rated.calls(failures, FAILURE);
        assertThat(rated.breaker.state()).isEqualTo(expected);
    }

    @Test
    void saysTheCountsThatDecided() {
        bench.calls(10, SUCCESS);
        bench.calls(5, IGNORED);
        bench.calls(10, FAILURE);
        assertThat(bench.breaker.counts()).isEqualTo("failures=10/20 in 10s");
        bench.call(FAILURE);
        assertThat(bench.transitions).containsExactly("CLOSED>OPEN failures=11/21 in 10s");
    }

    @Test
    void tripsAtThePulseWhenASuccessBroughtTheCallsToTheMinimum() {
        bench.calls(15, FAILURE);
        bench.calls(5, SUCCESS);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        bench.pulse();
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void forgetsWhatIsOlderThanTheWindow() {
        bench.calls(19, FAILURE);
        bench.pass(Duration.ofMillis(8_900));
        assertThat(bench.breaker.counts()).isEqualTo("failures=19/19 in 10s");
        bench.pass(Duration.ofMillis(1_100));
        assertThat(bench.breaker.counts()).isEqualTo("failures=0/0 in 10s");
        bench.calls(19, FAILURE);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
    }

    @Test
    void forgetsOneSlotAtATime() {
        for (int second = 0; second < 10; second++) {
            bench.call(FAILURE);
            bench.pass(Duration.ofSeconds(1));
        }
        assertThat(bench.breaker.counts()).isEqualTo("failures=9/9 in 10s");
        bench.pass(Duration.ofSeconds(3));
        assertThat(bench.breaker.counts()).isEqualTo("failures=6/6 in 10s");
    }

    @ParameterizedTest(name = "pulse late by {0} ms")
    @CsvSource({"150", "950", "5_000", "9_999", "10_000", "60_000", "3_600_000"})
    void countsOnceWhatEndedBeforeALatePulse(int millis) {
        bench.pass(Duration.ofMillis(300));
        bench.calls(7, FAILURE);
        bench.calls(8, SUCCESS);
        bench.jump(Duration.ofMillis(millis));
        bench.pulse();
        assertThat(bench.breaker.counts()).isEqualTo("failures=7/15 in 10s");

        bench.pass(Duration.ofMillis(8_900));
        assertThat(bench.breaker.counts()).isEqualTo("failures=7/15 in 10s");
        bench.pass(Duration.ofMillis(1_200));
        assertThat(bench.breaker.counts()).isEqualTo("failures=0/0 in 10s");
    }

    @Test
    void forgetsAlthoughTheClockStepsBack() {
        bench.pass(Duration.ofSeconds(5));
        bench.calls(19, FAILURE);
        bench.pulse();
        bench.jump(Duration.ofHours(-1));
        bench.pulse();
        assertThat(bench.breaker.counts()).isEqualTo("failures=19/19 in 10s");
        bench.pass(Duration.ofSeconds(10));
        assertThat(bench.breaker.counts()).isEqualTo("failures=0/0 in 10s");
    }

    @Test
    void movesOnWithAFailureIfThereIsNoPulse() {
        for (int i = 0; i < 100; i++) {
            bench.call(FAILURE);
            bench.jump(Duration.ofMillis(1_001));
        }
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        assertThat(bench.breaker.counts()).isEqualTo("failures=10/10 in 10s");
    }

    @Test
    void tripsWithoutAPulse() {
        bench.jump(Duration.ofMinutes(1));
        bench.calls(20, FAILURE);
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void saysAWindowThatIsNoWholeSecondInMilliseconds() {
        assertThat(Window.text(Duration.ofMillis(1500))).isEqualTo("1500ms");
        assertThat(Window.text(Duration.ofMinutes(2))).isEqualTo("120s");
    }

    @Test
    void countsRightAcrossTheWrapOfACounter() {
        Counts earlier = new Counts(Long.MAX_VALUE - 1, Long.MAX_VALUE - 2);
        Counts later = new Counts(Long.MIN_VALUE + 1, Long.MIN_VALUE + 1);
        assertThat(later.since(earlier)).isEqualTo(new Counts(3, 4));
    }
}
