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

class TwoDimensionTest {
    private static final Duration PERIOD = Duration.ofSeconds(10);
    private static final Duration FAST = Duration.ofMillis(20);
    private static final Duration SLOW = Duration.ofSeconds(1);

    private final Bench bench = new Bench(Bench.TWO_DIMENSION);

    @Test
    void tripsWhenTheThirdBadPeriodInARowIsOver() {
        badPeriods(2);
        bad();
        bench.pass(Duration.ofMillis(9_900));
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        bench.pass(Duration.ofMillis(100));
        assertThat(bench.transitions)
                .containsExactly(
                        "CLOSED>OPEN failures=30/100, slower than 800ms=30/100, bad periods of 10s in a row=3");
    }

    @ParameterizedTest(name = "{0} of 100 failed: {1}")
    @CsvSource({"19, CLOSED", "20, OPEN", "100, OPEN"})
    void isBadFromAFifthOfFailuresOn(int failures, BreakerState expected) {
        for (int i = 0; i < 3; i++) {
            bench.calls(failures, FAILURE, SLOW);
            bench.calls(100 - failures, SUCCESS, SLOW);
            bench.pass(PERIOD);
        }
        assertThat(bench.breaker.state()).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} of 100 took {1} ns more than the bound: {2}")
    @CsvSource({"10, 1, CLOSED", "11, 1, OPEN", "11, 0, CLOSED", "100, 0, CLOSED"})
    void isBadWhenTheNinthTenthOfTheCallsTookLongerThanTheBound(int slow, int more, BreakerState expected) {
        for (int i = 0; i < 3; i++) {
            bench.calls(slow, SUCCESS, Duration.ofMillis(800).plusNanos(more));
            bench.calls(60 - Math.min(60, slow), SUCCESS, FAST);
            bench.calls(Math.min(40, 100 - slow), FAILURE, FAST);
            bench.calls(slow == 100 ? 100 : 0, FAILURE, FAST);
            bench.pass(PERIOD);
        }
        assertThat(bench.breaker.state()).isEqualTo(expected);
    }

    /** The weakness of asking for both: a target that refuses every connection is fast. */
    @Test
    void doesNotSeeFastFailures() {
        for (int i = 0; i < 100; i++) {
            bench.calls(100, FAILURE, FAST);
            bench.pass(PERIOD);
        }
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        assertThat(bench.breaker.counts())
                .isEqualTo("failures=100/100, slower than 800ms=0/100, bad periods of 10s in a row=0");
    }

    @Test
    void doesNotSeeSlowSuccesses() {
        for (int i = 0; i < 100; i++) {
            bench.calls(100, SUCCESS, Duration.ofSeconds(20));
            bench.pass(PERIOD);
        }
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
    }

    @Test
    void beginsAnewAfterAPeriodThatWasNotBad() {
        badPeriods(2);
        bench.calls(100, SUCCESS, FAST);
        bench.pass(PERIOD);
        badPeriods(2);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        badPeriods(1);
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    @ParameterizedTest(name = "{0} calls: {1}")
    @CsvSource({"0, CLOSED", "19, CLOSED", "20, OPEN"})
    void knowsNothingFromAPeriodWithTooFewCalls(int calls, BreakerState expected) {
        badPeriods(2);
        bench.calls(calls, FAILURE, SLOW);
        bench.calls(100, IGNORED, SLOW);
        bench.pass(PERIOD);
        assertThat(bench.breaker.state()).isEqualTo(expected);
        assertThat(bench.breaker.counts()).endsWith("in a row=" + (expected == OPEN ? 3 : 0));
    }

    @Test
    void countsEachCallInOnePeriod() {
        badPeriods(2);
        bad();
        bench.pass(PERIOD.minusMillis(100));
        bench.calls(100, SUCCESS, FAST);
        bench.pass(Duration.ofMillis(100));
        assertThat(bench.breaker.counts()).startsWith("failures=30/200, slower than 800ms=30/200");
        bench.pass(PERIOD);
        assertThat(bench.breaker.counts()).startsWith("failures=0/0").contains("ms=0/0");
    }

    @Test
    void raisesTheBoundToAFifthOverTheUsualP90() {
        long usual = Latencies.valueOf(Latencies.bucketOf(SLOW.toNanos()));
        bench.calls(100, SUCCESS, SLOW);
        bench.pass(PERIOD);
        bench.pass(PERIOD);
        assertThat(bound()).isEqualTo(Duration.ofNanos(Math.round(usual * 1.2)).toMillis());

        for (int i = 0; i < 10; i++) {
            bench.calls(100, FAILURE, Duration.ofNanos(Math.round(usual * 1.2)));
            bench.pass(PERIOD);
        }
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        for (int i = 0; i < 3; i++) {
            bench.calls(100, FAILURE, Duration.ofNanos(Math.round(usual * 1.2) + 1));
            bench.pass(PERIOD);
        }
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void takesTheMeanOfWhatWasUsual() {
        double mean = 0;
        Duration[] usual = {
            Duration.ofMillis(1100),
            Duration.ofMillis(700),
            Duration.ofMillis(900),
            Duration.ofMillis(1000),
            Duration.ofMillis(1200),
            Duration.ofMillis(800),
            Duration.ofMillis(1000)
        };
        for (int i = 0; i < usual.length; i++) {
            bench.calls(20, SUCCESS, usual[i]);
            bench.pass(PERIOD);
            bench.pass(PERIOD);
            long p90 = Latencies.valueOf(Latencies.bucketOf(usual[i].toNanos()));
            mean += Math.max(0.2, 1.0 / (i + 1)) * (p90 - mean);
            assertThat(bound()).as("period %d", i).isEqualTo((long) (mean * 1.2 / 1e6));
        }
    }

    @Test
    void keepsTheBoundFromTheLeastToTheMost() {
        assertThat(bound()).isEqualTo(800);
        bench.calls(100, SUCCESS, FAST);
        bench.pass(PERIOD);
        bench.pass(PERIOD);
        assertThat(bound()).isEqualTo(800);

        for (int i = 0; i < 20; i++) {
            bench.calls(100, SUCCESS, Duration.ofSeconds(5));
            bench.pass(PERIOD);
        }
        bench.pass(PERIOD);
        assertThat(bound()).isEqualTo(1500);
    }

    @Test
    void doesNotLearnFromPeriodsWithTooManyFailuresOrTooFewCalls() {
        for (int i = 0; i < 20; i++) {
            bench.calls(30, FAILURE, FAST);
            bench.calls(100, SUCCESS, Duration.ofMillis(790));
            bench.pass(PERIOD);
            bench.calls(19, SUCCESS, Duration.ofSeconds(2));
            bench.pass(PERIOD);
        }
        bench.pass(PERIOD);
        assertThat(bound()).isEqualTo(800);
    }

    @Test
    void shortensThePeriodAfterTwoTrips() {
        assertThat(secondsToTrip()).isEqualTo(30);
        bench.close();
        assertThat(secondsToTrip()).isEqualTo(30);
        bench.close();
        assertThat(secondsToTrip()).isEqualTo(15);
        assertThat(bench.breaker.counts()).contains("bad periods of 5s");
        bench.close();
        assertThat(secondsToTrip()).isEqualTo(15);
    }

    @Test
    void doesNotTakeFailedProbesForTrips() {
        secondsToTrip();
        for (int i = 0; i < 5; i++) {
            bench.halfOpen();
            bench.calls(10, FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
        }
        bench.close();
        assertThat(secondsToTrip()).isEqualTo(30);
    }

    @Test
    void remembersWhatIsUsualAcrossATrip() {
        bench.calls(100, SUCCESS, Duration.ofSeconds(5));
        bench.pass(PERIOD);
        for (int i = 0; i < 3; i++) {
            bench.calls(100, FAILURE, Duration.ofSeconds(5));
            bench.pass(PERIOD);
        }
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
        bench.close();
        assertThat(bound()).isEqualTo(1500);
    }

    @Test
    void beginsTheFirstPeriodOnceItIsClosedNotWhileItProbes() {
        secondsToTrip();
        bench.halfOpen();
        bench.pass(Duration.ofMillis(1_900));
        bench.close();
        bad();
        bench.pass(PERIOD);
        assertThat(bench.breaker.counts()).startsWith("failures=0/0");
        bench.pass(Duration.ofMillis(100));
        assertThat(bench.breaker.counts()).startsWith("failures=30/100");
    }

    @ParameterizedTest(name = "pulse late by {0} s")
    @CsvSource({"11", "31", "3600"})
    void takesWhatALatePulseBringsForOnePeriod(int seconds) {
        bad();
        bench.jump(Duration.ofSeconds(seconds));
        bench.pulse();
        assertThat(bench.breaker.counts()).endsWith("in a row=1");
        badPeriods(2);
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void goesOnAlthoughTheClockStepsBack() {
        badPeriods(1);
        bench.jump(Duration.ofHours(-1));
        bench.pulse();
        badPeriods(2);
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void tripsWithoutAPulse() {
        for (int i = 0; i < 4; i++) {
            bad();
            bench.jump(PERIOD);
        }
        bad();
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    private void bad() {
        bench.calls(30, FAILURE, SLOW);
        bench.calls(70, SUCCESS, FAST);
    }

    private void badPeriods(int periods) {
        for (int i = 0; i < periods; i++) {
            bad();
            bench.pass(PERIOD);
        }
    }

    private long secondsToTrip() {
        bench.pulse();
        long start = bench.now;
        while (bench.breaker.state() == CLOSED) {
            bad();
            bench.pass(Duration.ofMillis(500));
        }
        return Duration.ofNanos(bench.now - start).toSeconds();
    }

    /** Milliseconds, as the counts say. */
    private long bound() {
        String counts = bench.breaker.counts();
        String bound = counts.substring(counts.indexOf("than ") + 5, counts.lastIndexOf("=", counts.lastIndexOf(", ")));
        return bound.endsWith("ms")
                ? Long.parseLong(bound.substring(0, bound.length() - 2))
                : 1000 * Long.parseLong(bound.substring(0, bound.length() - 1));
    }
}
