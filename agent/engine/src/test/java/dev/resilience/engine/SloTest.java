package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SloTest {
    private static final Duration SLO = Duration.ofMillis(800);
    private static final Duration FAST = Duration.ofMillis(20);
    private static final Duration SLOW = Duration.ofSeconds(2);
    private static final Duration SLOT = Duration.ofMillis(100);

    private final Bench bench = new Bench(Bench.config(slo(0.001, 1000)));

    private static Strategy.Slo slo(double budget, int minimumCalls) {
        return new Strategy.Slo(
                SLO,
                budget,
                minimumCalls,
                Duration.ofSeconds(30),
                Duration.ofMinutes(5),
                300,
                3,
                Duration.ofMillis(120));
    }

    @Test
    void opensWhenTheObjectiveIsViolatedThreeTimesRunningAndLatencyClimbs() {
        healthy(Duration.ofMinutes(1));
        climbing();
        slot(4, SUCCESS, SLOW);
        slot(4, SUCCESS, SLOW);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        slot(4, SUCCESS, SLOW);
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
        assertThat(bench.transitions).singleElement().asString().startsWith("CLOSED>OPEN over 800ms=12/");
    }

    @Test
    void saysTheCountsBurnRatesAndClimb() {
        healthy(Duration.ofMinutes(4));
        slot(15, FAILURE, FAST);
        assertThat(bench.breaker.counts())
                .isEqualTo("over 800ms=15/3005 in 30s (burn rate 5.0), 15/24015 in 300s (burn rate 0.6),"
                        + " violations running=1, climb=0ms/min");
    }

    @Test
    void countsAFailureAsAViolationHoweverFastItIs() {
        healthy(Duration.ofMinutes(1));
        slot(10, FAILURE, FAST);
        assertThat(bench.breaker.counts()).contains("over 800ms=10/", "violations running=1");
    }

    /** The weakness of asking for a climb: what is always too slow is never cut off. */
    @Test
    void doesNotOpenWhenItIsAlwaysTooSlow() {
        for (int second = 0; second < 600; second++) {
            bench.calls(100, SUCCESS, SLOW);
            bench.pass(Duration.ofSeconds(1));
        }
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        assertThat(bench.breaker.counts()).contains("burn rate 1000.0", "climb=0ms/min");
    }

    @Test
    void doesNotOpenWhileLatencyClimbsWithinTheObjective() {
        for (int second = 0; second < 70; second++) {
            bench.calls(100, SUCCESS, Duration.ofMillis(20 + 11L * second));
            bench.pass(Duration.ofSeconds(1));
        }
        assertThat(climb()).isCloseTo(660, Offset.offset(60L));
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
    }

    @ParameterizedTest(name = "{0} of 3000 exceeded by {1} ns, minimum {2}: {3} violations")
    @CsvSource({"3, 1, 3000, 0", "4, 1, 3000, 1", "4, 0, 3000, 0", "4, 1, 3001, 0"})
    void isViolatedWhenMoreThanTheBudgetExceededIt(int slow, int nanos, int minimumCalls, int violations) {
        Bench one = new Bench(Bench.config(slo(0.001, minimumCalls)));
        one.calls(3000 - slow, SUCCESS, SLO);
        one.calls(slow, SUCCESS, SLO.plusNanos(nanos));
        one.calls(100, IGNORED, SLOW);
        one.pass(SLOT);
        assertThat(one.breaker.counts()).contains("violations running=" + violations);
    }

    @Test
    void takesAnyBudget() {
        Bench percent = new Bench(Bench.config(slo(0.01, 100)));
        percent.calls(99, SUCCESS, FAST);
        percent.call(SUCCESS, SLOW);
        percent.pass(SLOT);
        assertThat(percent.breaker.counts()).contains("1/100 in 30s (burn rate 1.0)", "violations running=0");
        percent.call(SUCCESS, SLOW);
        percent.pass(SLOT);
        assertThat(percent.breaker.counts()).contains("2/101 in 30s (burn rate 2.0)", "violations running=1");
    }

    @Test
    void beginsToCountAnewWhenAViolationIsOver() {
        bench.calls(1000, SUCCESS, FAST);
        bench.pass(SLOT);
        slot(2, SUCCESS, SLOW);
        slot(0, SUCCESS, SLOW);
        slot(2, SUCCESS, SLOW);
        assertThat(bench.breaker.counts()).contains("violations running=2");
        slot(4000, SUCCESS, FAST);
        assertThat(bench.breaker.counts()).contains("violations running=0");
    }

    @Test
    void takesSlotsWithoutCallsForNeitherAViolationNorItsEnd() {
        bench.calls(1000, SUCCESS, FAST);
        slot(2, SUCCESS, SLOW);
        slot(2, SUCCESS, SLOW);
        bench.pass(Duration.ofSeconds(25));
        assertThat(bench.breaker.counts()).contains("violations running=2");
        slot(1, SUCCESS, FAST);
        assertThat(bench.breaker.counts()).contains("violations running=3");
    }

    @Test
    void forgetsViolationsAfterTheShortWindow() {
        bench.calls(1000, SUCCESS, FAST);
        slot(10, SUCCESS, SLOW);
        bench.pass(Duration.ofSeconds(30));
        assertThat(bench.breaker.counts()).contains("0/0 in 30s (burn rate 0.0), 10/1010 in 300s");
        bench.pass(Duration.ofSeconds(271));
        assertThat(bench.breaker.counts()).contains("0/0 in 300s (burn rate 0.0)");
    }

    @Test
    void measuresTheClimbOfTheSamePercentile() {
        for (int second = 0; second < 300; second++) {
            bench.calls(99, SUCCESS, FAST);
            bench.call(SUCCESS, Duration.ofMillis(100 + second));
            bench.pass(Duration.ofSeconds(1));
        }
        assertThat(climb()).isCloseTo(60, Offset.offset(4L));
    }

    @Test
    void measuresFromTheOldestSecondThereIs() {
        bench.call(SUCCESS, Duration.ofSeconds(200));
        for (int second = 0; second < 300; second++) {
            bench.pass(Duration.ofSeconds(1));
            bench.calls(10, SUCCESS, FAST);
        }
        assertThat(climb()).isCloseTo(-800, Offset.offset(60L));
        bench.pass(Duration.ofSeconds(1));
        assertThat(climb()).isZero();
    }

    @Test
    void looksOnceForEachSlotHoweverOftenItIsPulsed() {
        Bench seconds = new Bench(Bench.config(new Strategy.Slo(
                SLO, 0.001, 1000, Duration.ofSeconds(30), Duration.ofMinutes(5), 30, 3, Duration.ofMillis(120))));
        seconds.calls(1000, SUCCESS, FAST);
        for (int pulse = 1; pulse <= 25; pulse++) {
            seconds.calls(2, SUCCESS, SLOW);
            seconds.pass(SLOT);
            assertThat(seconds.breaker.counts()).contains("violations running=" + pulse / 10);
        }
    }

    @Test
    void twoSecondsTellAClimbWhereTheyFillTheShortWindow() {
        Bench two = new Bench(Bench.config(new Strategy.Slo(
                SLO, 0.001, 1000, Duration.ofSeconds(2), Duration.ofMinutes(5), 300, 3, Duration.ofMillis(120))));
        two.calls(10, SUCCESS, Duration.ofMillis(100));
        two.pass(Duration.ofSeconds(1));
        two.calls(10, SUCCESS, Duration.ofMillis(200));
        assertThat(two.breaker.counts()).endsWith("climb=0ms/min");
        two.pass(Duration.ofSeconds(1));
        assertThat(climb(two)).isCloseTo(6_000, Offset.offset(800L));
    }

    @Test
    void measuresADescentToo() {
        for (int second = 0; second < 100; second++) {
            bench.calls(10, SUCCESS, Duration.ofMillis(5_000 - 10L * second));
            bench.pass(Duration.ofSeconds(1));
        }
        assertThat(climb()).isCloseTo(-600, Offset.offset(60L));
    }

    @Test
    void knowsNoClimbBeforeTheSecondsWithCallsFillTheShortWindow() {
        for (int second = 0; second < 29; second++) {
            bench.calls(10, SUCCESS, Duration.ofMillis(20 + 10L * second));
            bench.pass(Duration.ofSeconds(2));
        }
        assertThat(climb()).isZero();
        bench.calls(10, SUCCESS, Duration.ofMillis(310));
        bench.pass(Duration.ofSeconds(2));
        assertThat(climb()).isCloseTo(300, Offset.offset(30L));
    }

    @Test
    void forgetsAClimbAfterTheLongWindow() {
        for (int second = 0; second < 60; second++) {
            bench.calls(10, SUCCESS, Duration.ofMillis(20 + 10L * second));
            bench.pass(Duration.ofSeconds(1));
        }
        assertThat(climb()).isGreaterThan(500);
        for (int second = 0; second < 301; second++) {
            bench.calls(10, SUCCESS, Duration.ofMillis(620));
            bench.pass(Duration.ofSeconds(1));
        }
        assertThat(climb()).isZero();
    }

    @ParameterizedTest(name = "pulse late by {0} s")
    @CsvSource({"2", "60", "3600"})
    void countsOnceWhatALatePulseBrings(int seconds) {
        bench.calls(1000, SUCCESS, FAST);
        bench.calls(10, SUCCESS, SLOW);
        bench.jump(Duration.ofSeconds(seconds));
        bench.pulse();
        assertThat(bench.breaker.counts()).startsWith("over 800ms=10/1010 in 30s (burn rate 9.9), 10/1010 in 300s");
        assertThat(bench.breaker.counts()).contains("violations running=1");
    }

    @Test
    void goesOnAlthoughTheClockStepsBack() {
        bench.calls(1000, SUCCESS, FAST);
        slot(10, SUCCESS, SLOW);
        bench.jump(Duration.ofHours(-1));
        bench.pulse();
        slot(10, SUCCESS, SLOW);
        assertThat(bench.breaker.counts()).contains("over 800ms=20/1020", "violations running=2");
    }

    @Test
    void beginsAnewOnceClosed() {
        opensWhenTheObjectiveIsViolatedThreeTimesRunningAndLatencyClimbs();
        bench.close();
        bench.pulse();
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        assertThat(bench.breaker.counts()).startsWith("over 800ms=0/0 in 30s").endsWith("climb=0ms/min");
    }

    private void slot(int calls, Outcome outcome, Duration latency) {
        bench.calls(calls, outcome, latency);
        bench.pass(SLOT);
    }

    /** 100 calls a second. */
    private void healthy(Duration time) {
        for (long slots = time.dividedBy(SLOT); slots > 0; slots--) {
            slot(10, SUCCESS, FAST);
        }
    }

    /** Up to the objective, not over it. */
    private void climbing() {
        for (int second = 0; second < 60; second++) {
            for (int slot = 0; slot < 10; slot++) {
                slot(10, SUCCESS, Duration.ofMillis(20 + 13L * second));
            }
        }
        assertThat(climb()).isGreaterThan(120);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
    }

    private long climb() {
        return climb(bench);
    }

    private static long climb(Bench bench) {
        String counts = bench.breaker.counts();
        return Long.parseLong(counts.substring(counts.indexOf("climb=") + 6, counts.indexOf("ms/min")));
    }
}
