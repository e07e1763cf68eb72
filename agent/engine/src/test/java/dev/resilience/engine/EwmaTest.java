package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EwmaTest {
    private final Bench bench = new Bench(Bench.EWMA);

    /** After so many failures it is 1 - 0.8^4 = 59 % at 0.2. */
    @ParameterizedTest(name = "alpha {0}, rate {1}: trips at failure {2}")
    @CsvSource({"0.2, 0.5, 4", "0.05, 0.5, 14", "0.3, 0.5, 2", "0.05, 0.2, 5", "0.3, 0.95, 9"})
    void tripsAtTheFailureThatTakesTheAverageOverTheRate(double alpha, double rate, int failures) {
        Bench averaging = new Bench(Bench.config(new Strategy.Ewma(alpha, 20, rate)));
        averaging.calls(1000, SUCCESS);
        averaging.calls(failures - 1, FAILURE);
        assertThat(averaging.breaker.state()).isEqualTo(CLOSED);
        averaging.call(FAILURE);
        assertThat(averaging.breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void saysTheAverageThatDecided() {
        bench.calls(100, SUCCESS);
        bench.calls(3, FAILURE);
        bench.calls(10, IGNORED);
        assertThat(bench.breaker.counts()).isEqualTo("failures=48.8%, alpha=0.2");
        bench.call(FAILURE);
        assertThat(bench.transitions).containsExactly("CLOSED>OPEN failures=59.0%, alpha=0.2");
    }

    @Test
    void doesNotTripBeforeItIsWarm() {
        bench.calls(19, FAILURE);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        assertThat(bench.breaker.counts()).isEqualTo("failures=100.0% of 19 calls, alpha=0.2");
        bench.call(FAILURE);
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void tripsAtThePulseWhenASuccessBroughtTheCallsToTheMinimum() {
        bench.calls(19, FAILURE);
        bench.call(SUCCESS);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        bench.pulse();
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    /** At 0.05 an average that began at 0 would be 40 % after ten failures. */
    @Test
    void weighsTheFirstOutcomesAlike() {
        Bench slow = new Bench(Bench.config(new Strategy.Ewma(0.05, 10, 0.9)));
        slow.call(FAILURE);
        assertThat(slow.breaker.counts()).isEqualTo("failures=100.0% of 1 calls, alpha=0.05");
        slow.call(SUCCESS);
        assertThat(slow.breaker.counts()).isEqualTo("failures=50.0% of 2 calls, alpha=0.05");
        slow.calls(6, SUCCESS);
        assertThat(slow.breaker.counts()).isEqualTo("failures=12.5% of 8 calls, alpha=0.05");
        slow.calls(12, SUCCESS);
        slow.call(SUCCESS);
        assertThat(slow.breaker.counts()).isEqualTo("failures=4.7%, alpha=0.05");
    }

    @Test
    void doesNotTripAtTheRateItself() {
        Bench half = new Bench(Bench.config(new Strategy.Ewma(0.05, 2, 0.5)));
        half.call(SUCCESS);
        half.call(FAILURE);
        assertThat(half.breaker.counts()).startsWith("failures=50.0%");
        assertThat(half.breaker.state()).isEqualTo(CLOSED);
        half.call(FAILURE);
        assertThat(half.breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void comesDownToNothing() {
        bench.calls(3, FAILURE);
        bench.calls(200, SUCCESS);
        assertThat(bench.breaker.counts()).isEqualTo("failures=0.0%, alpha=0.2");
        bench.calls(3, FAILURE);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
    }

    @Test
    void forgetsByCallsNotByTime() {
        bench.calls(30, SUCCESS);
        bench.calls(3, FAILURE);
        bench.pass(Duration.ofHours(1));
        assertThat(bench.breaker.counts()).isEqualTo("failures=48.8%, alpha=0.2");
        bench.call(FAILURE);
        assertThat(bench.breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void beginsAnewOnceClosed() {
        bench.calls(20, FAILURE);
        bench.close();
        assertThat(bench.breaker.counts()).startsWith("failures=0.0% of 0 calls");
        bench.calls(19, FAILURE);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
    }

    @ParameterizedTest(name = "minimum {0}")
    @CsvSource({"1", "20", "1000000"})
    void agreesWithTheFormula(int minimumCalls) {
        EwmaWindow window = new EwmaWindow(new Strategy.Ewma(0.07, minimumCalls, 0.5), 0);
        Random random = new Random(minimumCalls);
        double average = 0;
        for (int call = 1; call <= 20_000; call++) {
            boolean failed = random.nextInt(10) < 4;
            average += Math.max(0.07, 1.0 / call) * ((failed ? 1 : 0) - average);
            if (failed) {
                window.failed(0);
            } else {
                window.succeeded(0);
            }
            assertThat(window.isBreached()).as("call %d", call).isEqualTo(call >= minimumCalls && average > 0.5);
        }
    }

    @Test
    void losesNoOutcomeBetweenTwoThreads() throws Exception {
        EwmaWindow window = new EwmaWindow(new Strategy.Ewma(0.2, 1_000_000, 0.5), 0);
        ExecutorService two = Executors.newFixedThreadPool(2);
        try {
            Runnable calls = () -> {
                for (int i = 0; i < 200_000; i++) {
                    window.failed(0);
                    window.succeeded(0);
                }
            };
            Future<?> first = two.submit(calls);
            Future<?> second = two.submit(calls);
            first.get();
            second.get();
        } finally {
            two.shutdownNow();
        }
        assertThat(window.counts()).contains(" of 800000 calls");
    }
}
