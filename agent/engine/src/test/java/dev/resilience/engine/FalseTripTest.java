package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How often a target that only has its usual faults looks sick by chance; the figures of {@code rationale/engine.md}. */
class FalseTripTest {
    private static final int CALLS = 300_000;
    private static final int SEEDS = 10;

    @ParameterizedTest(name = "alpha {0}, {1} of the calls fail, threshold {2}: {3} times in 300,000 calls")
    @CsvSource({
        "0.05, 0.05, 0.2, 96",
        "0.2, 0.05, 0.2, 13899",
        "0.3, 0.05, 0.2, 13439",
        "0.05, 0.05, 0.5, 0",
        "0.2, 0.05, 0.5, 31",
        "0.3, 0.05, 0.5, 805",
        "0.05, 0.2, 0.5, 3",
        "0.2, 0.2, 0.5, 5167",
        "0.3, 0.2, 0.5, 14146"
    })
    void anAverageCrossesItsThreshold(double alpha, double failing, double threshold, int expected) {
        long crossings = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            crossings += crossings(new EwmaWindow(new Strategy.Ewma(alpha, 20, threshold), 0), failing, seed);
        }
        assertThat(crossings / SEEDS).isEqualTo(expected);
    }

    @Test
    void windowsOfTheSameCallsDoNot() {
        for (int seed = 1; seed <= 3; seed++) {
            Strategy.TimeWindow time = new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.2);
            assertThat(crossings(new SlotWindow(time, 0, 0), 0.05, seed)).isZero();
            Strategy.CountWindow count = new Strategy.CountWindow(100, 20, 0.2);
            assertThat(crossings(new CallWindow(count, 0), 0.05, seed)).isZero();
        }
    }

    /** A thousand calls a second. */
    private static long crossings(Window window, double failing, long seed) {
        Random random = new Random(seed);
        long crossings = 0;
        boolean over = false;
        for (int call = 0; call < CALLS; call++) {
            if (random.nextDouble() < failing) {
                window.failed(0);
            } else {
                window.succeeded(0);
            }
            if (call % 100 == 0) {
                window.moveOn(call * 1_000_000L);
            }
            boolean now = window.isBreached();
            crossings += now && !over ? 1 : 0;
            over = now;
        }
        return crossings;
    }

    /** Two calls a second, which is twenty a period, the least that means anything by default. */
    @ParameterizedTest(name = "{0} of the calls fail, {1} take over 800 ms: {2} trips in 30 days")
    @CsvSource({"0.05, 0.05, 0", "0.1, 0.08, 5", "0.15, 0.08, 96", "0.15, 0.1, 321"})
    void twoDimensionsAreOverTheirBoundsThreeTimesRunning(double failing, double slow, int expected) {
        Random random = new Random(1);
        Strategy.TwoDimension strategy = (Strategy.TwoDimension) Bench.TWO_DIMENSION.strategy();
        int trips = 0;
        Window window = Window.of(strategy, 0, 0);
        long now = 0;
        for (int period = 0; period < 30 * 8_640; period++) {
            for (int call = 0; call < 20; call++) {
                long latency = random.nextDouble() < slow ? 1_600_000_000L : 20_000_000L;
                if (random.nextDouble() < failing) {
                    window.failed(latency);
                } else {
                    window.succeeded(latency);
                }
            }
            now += 10_000_000_000L;
            window.moveOn(now);
            if (window.isBreached()) {
                trips++;
                window = Window.of(strategy, 0, now);
            }
        }
        assertThat(trips).isEqualTo(expected);
    }
}
