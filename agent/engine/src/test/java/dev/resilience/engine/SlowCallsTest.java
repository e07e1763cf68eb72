package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The two windows with a bound on slow calls: 300 ms, of half of twenty. */
class SlowCallsTest {
    private static final Strategy.SlowCalls SLOW_CALLS = new Strategy.SlowCalls(Duration.ofMillis(300), 0.5);
    private static final Duration BOUND = SLOW_CALLS.bound();
    private static final Duration SLOW = BOUND.plusNanos(1);

    static List<Strategy> strategies() {
        return List.of(
                new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.8, SLOW_CALLS),
                new Strategy.CountWindow(20, 20, 0.8, SLOW_CALLS));
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void tripsAtThePulseWhenMoreThanHalfWereSlowThoughTheySucceeded(Strategy strategy) {
        Bench bench = new Bench(Bench.config(strategy));
        bench.calls(10, SUCCESS, BOUND);
        bench.calls(10, SUCCESS, SLOW);
        bench.pulse();
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);

        bench.call(SUCCESS, SLOW);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        bench.pulse();
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
        assertThat(bench.transitions).singleElement().asString().contains("failures=0/2", "slower than 300ms=11/2");
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void countsASlowFailureBothWays(Strategy strategy) {
        Bench bench = new Bench(Bench.config(strategy));
        bench.calls(9, SUCCESS, BOUND);
        bench.calls(10, FAILURE, SLOW);
        bench.calls(5, IGNORED, SLOW);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        bench.call(FAILURE, SLOW);
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void knowsNothingBelowTheMinimum(Strategy strategy) {
        Bench bench = new Bench(Bench.config(strategy));
        bench.calls(19, SUCCESS, SLOW);
        bench.pulse();
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void isNotAtRestWhileASlowCallCounts(Strategy strategy) {
        Bench bench = new Bench(Bench.config(strategy));
        bench.call(SUCCESS, SLOW);
        assertThat(bench.breaker.isAtRest()).isFalse();
    }

    @Test
    void leaveATimeWindowWithTime() {
        Bench bench = new Bench(Bench.config(strategies().get(0)));
        bench.calls(19, SUCCESS, SLOW);
        bench.pass(Duration.ofSeconds(10));
        assertThat(bench.breaker.counts()).isEqualTo("failures=0/0, slower than 300ms=0/0 in 10s");
    }

    @Test
    void leaveACountWindowWithOtherCalls() {
        Bench bench = new Bench(Bench.config(strategies().get(1)));
        bench.calls(10, SUCCESS, SLOW);
        bench.calls(15, FAILURE, BOUND);
        assertThat(bench.breaker.counts()).isEqualTo("failures=15/20, slower than 300ms=5/20 of the last 20");
        bench.calls(10, SUCCESS, BOUND);
        assertThat(bench.breaker.counts()).isEqualTo("failures=10/20, slower than 300ms=0/20 of the last 20");
    }
}
