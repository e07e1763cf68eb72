package dev.resilience.engine;

import static dev.resilience.engine.SyntheticTarget.MILLI;
import static dev.resilience.engine.SyntheticTarget.SECOND;
import static dev.resilience.engine.SyntheticTarget.around;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The limit before a target whose capacity is known; it knows only what it sees. */
class AdaptiveLimitTest {
    private static final Strategy.Adaptive LIMITS = new Strategy.Adaptive(false, true, 2, 10_000);
    private static final long SEED = 3;
    private static final double MINUTE = 60 * SECOND;

    @Nested
    class Overloaded {
        /**
         * At half of its capacity first, then at twice. With few servers one cut in four is thought to be in vain, as the
         * latency is too rough to tell, and some of the queue is taken for usual; draining sets that right.
         */
        @ParameterizedTest(name = "{0} servers, {1} ms")
        @CsvSource({
            "1, 1",
            "1, 10",
            "1, 100",
            "1, 1000",
            "2, 1",
            "2, 10",
            "2, 100",
            "2, 1000",
            "5, 1",
            "5, 10",
            "5, 100",
            "5, 1000",
            "20, 1",
            "20, 10",
            "20, 100",
            "20, 1000",
            "60, 10",
            "60, 100",
            "60, 1000",
            "200, 10",
            "200, 100",
            "200, 1000"
        })
        void findsTheKneeWithinAFactorOfTwo(int servers, int millis) {
            double capacity = servers * 1000.0 / millis;
            double round = Math.max(SECOND, 100 * millis * MILLI / Math.min(servers, 20));
            SyntheticTarget target = new SyntheticTarget(LIMITS, servers, around(millis * MILLI), SEED);
            target.offer(0.5 * capacity, 10 * round);
            assertThat(target.shed()).isLessThan(0.005);

            target.offer(2 * capacity, servers <= 5 ? Math.max(MINUTE, 10 * round) : 10 * round);
            target.forget();
            target.offer(2 * capacity, 10 * round);
            assertThat(target.meanInFlight()).as("the knee").isBetween(servers / 2.0, Math.max(4, 2.0 * servers));
            assertThat(target.answered / (capacity * 10 * round / SECOND))
                    .as("throughput")
                    .isGreaterThan(0.8);

            target.offer(0.5 * capacity, 10 * round);
            target.forget();
            target.offer(0.5 * capacity, 10 * round);
            assertThat(target.shed()).isLessThan(0.005);
        }

        @ParameterizedTest
        @CsvSource({"4, 2", "4, 3", "4, 10", "16, 2", "16, 4", "16, 10", "100, 2", "100, 4", "100, 10"})
        void keepsATargetBusyThatIsSlowerAllAtOnceAndLetsGoAfterwards(int servers, int times) {
            double capacity = servers * 100.0;
            SyntheticTarget target = new SyntheticTarget(LIMITS, servers, around(10 * MILLI), SEED);
            target.offer(0.6 * capacity, 5 * SECOND);

            target.service = around(times * 10 * MILLI);
            target.offer(0.6 * capacity, 5 * SECOND);
            target.forget();
            target.offer(0.6 * capacity, 15 * SECOND);
            assertThat(target.answered / (15 * capacity / times)).isGreaterThan(0.8);
            assertThat(target.meanInFlight()).isLessThan(Math.max(12, 3 * servers));

            target.service = around(10 * MILLI);
            target.offer(0.6 * capacity, 5 * SECOND);
            target.forget();
            target.offer(0.6 * capacity, 5 * SECOND);
            assertThat(target.refused).isZero();
        }

        /** It may take some of the queue for usual: all the target can give, with up to ten times the calls it works on. */
        @Test
        void getsAllThatIsLeftWhenOthersTakeHalf() {
            SyntheticTarget target = new SyntheticTarget(LIMITS, 32, around(10 * MILLI), SEED);
            target.offer(2_400, 5 * SECOND);
            assertThat(target.refused).isZero();

            target.lose(16);
            target.offer(2_400, 5 * SECOND);
            target.forget();
            target.offer(2_400, 10 * SECOND);
            assertThat(target.meanInFlight()).isBetween(16.0, 160.0);
            assertThat(target.answered).isGreaterThan(14_400);

            target.regain();
            target.offer(2_400, 5 * SECOND);
            target.forget();
            target.offer(2_400, 5 * SECOND);
            assertThat(target.refused).isZero();
        }
    }

    /** What is no queue is nobody's to shed. */
    @Nested
    class Healthy {
        @ParameterizedTest(name = "{0} per second, {1} of them {2} ms")
        @CsvSource({
            "10, 0.3, 2000",
            "100, 0.1, 2000",
            "100, 0.3, 2000",
            "1000, 0.1, 2000",
            "1000, 0.3, 2000",
            "1000, 0.4, 2000",
            "1000, 0.3, 100",
            "1000, 0.3, 500",
            "1000, 0.3, 10000"
        })
        void readsAndReportsUnderOneNameAreNotShed(int rate, double share, int slowMillis) {
            ToDoubleFunction<SplittableRandom> report = around(slowMillis * MILLI);
            ToDoubleFunction<SplittableRandom> read = around(10 * MILLI);
            SyntheticTarget target = new SyntheticTarget(
                    LIMITS, 5_000, random -> (random.nextDouble() < share ? report : read).applyAsDouble(random), SEED);
            target.offer(rate, 60 * SECOND);
            assertThat(target.shed()).isLessThanOrEqualTo(0.0001);
        }

        @ParameterizedTest(name = "{0} calls, {1} servers, {2} ms")
        @CsvSource({
            "5, 1, 10",
            "20, 20, 10",
            "20, 2, 10",
            "100, 100, 10",
            "100, 10, 10",
            "100, 100, 300",
            "500, 500, 300",
            "500, 50, 10"
        })
        void burstsAreNotShed(int calls, int servers, int millis) {
            SyntheticTarget target = new SyntheticTarget(LIMITS, servers, around(millis * MILLI), SEED);
            for (int second = 0; second < 60; second++) {
                target.burst(calls);
                target.idle(SECOND);
            }
            assertThat(target.refused).isZero();
        }

        @ParameterizedTest
        @ValueSource(ints = {10, 100, 1_000, 5_000})
        void heavyTailsAreNotShed(int rate) {
            SyntheticTarget target = new SyntheticTarget(
                    LIMITS, 5_000, random -> 5 * MILLI * Math.pow(1 - random.nextDouble(), -1 / 1.5), SEED);
            target.offer(rate, 30 * SECOND);
            assertThat(target.refused).isZero();
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3, 4, 5})
        void aTargetThatIsSeldomCalledIsNotShed(long seed) {
            SyntheticTarget target = new SyntheticTarget(LIMITS, 4, SyntheticTarget.exponential(100 * MILLI), seed);
            target.offer(2, 600 * SECOND);
            assertThat(target.refused).isZero();
        }
    }
}
