package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CountWindowTest {
    private final Bench bench = new Bench(Bench.COUNT_WINDOW);

    @Test
    void tripsWhenMoreThanHalfOfTheLastTwentyFailed() {
        bench.calls(10, SUCCESS);
        bench.calls(10, FAILURE);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        bench.call(FAILURE);
        assertThat(bench.transitions).containsExactly("CLOSED>OPEN failures=11/20 of the last 20");
    }

    @Test
    void doesNotTripBelowTheMinimum() {
        bench.calls(19, FAILURE);
        assertThat(bench.breaker.state()).isEqualTo(CLOSED);
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

    @Test
    void forgetsByCallsNotByTime() {
        bench.calls(10, SUCCESS);
        bench.calls(9, FAILURE);
        bench.pass(Duration.ofHours(1));
        assertThat(bench.breaker.counts()).isEqualTo("failures=9/19 of the last 20");
        bench.calls(20, SUCCESS);
        assertThat(bench.breaker.counts()).isEqualTo("failures=0/20 of the last 20");
    }

    @Test
    void dropsAnOutcomeThatWasHeldUpForAWholeLap() {
        CallWindow window = new CallWindow(new Strategy.CountWindow(1, 1, 0.5), 0);
        window.write(0, 2, 1);
        window.write(0, 1, 0);
        assertThat(window.isBreached()).isFalse();
        window.failed(0);
        assertThat(window.isBreached()).isTrue();
        assertThat(window.counts()).isEqualTo("failures=1/1 of the last 1");
    }

    @Test
    void goesOnAcrossTheWrapOfTheLap() {
        CallWindow window = new CallWindow(new Strategy.CountWindow(1, 1, 0.5), 0);
        int lap = 0;
        for (int i = 0; i < 10; i++) {
            lap += 1 << 28;
            window.write(0, lap, i & 1);
            assertThat(window.counts()).isEqualTo("failures=%d/0 of the last 1", i & 1);
        }
    }
}
