package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls that nobody cuts: what the adaptive breaker gives up too early is answered after all. */
class AdaptivePatienceTest {
    private final AdaptiveBench bench = new AdaptiveBench();

    @ParameterizedTest(name = "{0} per second, {1} of them 2 s")
    @CsvSource({"20, 0.6", "300, 0.6", "1000, 0.6", "1000, 0.9"})
    void slowAnswersBesideQuickOnesAreNotGivenUp(int rate, double share) {
        SyntheticTarget target = new SyntheticTarget(
                new Strategy.Adaptive(true, false, 1, 10_000),
                5_000,
                random -> (random.nextDouble() < share ? 2_000 : 10) * SyntheticTarget.MILLI,
                3);
        target.offer(rate, 60 * SyntheticTarget.SECOND);
        assertThat(target.refused).isZero();
        assertThat(target.breaker.patienceNanos()).isGreaterThan(2_000_000_000);
    }

    @ParameterizedTest(name = "{0} ms")
    @ValueSource(ints = {150, 700, 1_500, 5_000})
    void aTargetThatWasNeverSeenWellIsFoundWell(int millis) {
        bench.calls(20, 0, Outcome.FAILURE);
        assertThat(secondsUntilClosed(millis)).isLessThan(5 + 20 * millis / 1_000.0);
    }

    @ParameterizedTest(name = "{0} ms")
    @ValueSource(ints = {150, 700, 1_500, 5_000})
    void aTargetThatIsSlowerThanItEverWasIsFoundWell(int millis) {
        bench.warm(5);
        bench.calls(20, 0, Outcome.FAILURE);
        assertThat(secondsUntilClosed(millis)).isLessThan(5 + 20 * millis / 1_000.0);
    }

    /** Every call it lets through succeeds after so long. */
    private double secondsUntilClosed(int millis) {
        Queue<Long> permits = new ArrayDeque<>();
        Queue<Long> ends = new ArrayDeque<>();
        long begin = bench.now;
        while (bench.breaker.state() != BreakerState.CLOSED && bench.now - begin < 300_000 * AdaptiveBench.MILLI) {
            bench.pass(Duration.ofMillis(50));
            while (!ends.isEmpty() && ends.element() <= bench.now) {
                ends.remove();
                bench.settle(permits.remove(), Outcome.SUCCESS);
            }
            long permit = bench.acquire();
            if (AdaptiveBench.isGranted(permit)) {
                permits.add(permit);
                ends.add(bench.now + millis * AdaptiveBench.MILLI);
            }
        }
        return (bench.now - begin) / 1e9;
    }
}
