package dev.resilience.engine;

import static dev.resilience.engine.Caller.bimodal;
import static dev.resilience.engine.Caller.logNormal;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.LongToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SuggestionTest {
    private static final long QUARTER = 900;

    /** What the load of each kind is, in calls a second. */
    private static LongToDoubleFunction load(LoadShape shape) {
        return switch (shape) {
            case SUSTAINED -> second -> 50;
            case SPIKE -> second -> second % 300 < 20 ? 400 : 50;
            // the middle of an hour that no rate lasts: ten seconds each, from 5 to 160
            case NOISY -> second -> 5 << (int) (scattered(second / 10) % 6);
        };
    }

    private static long scattered(long number) {
        return ((number * 0x9e3779b97f4a7c15L) >>> 33) & 0xffff;
    }

    private static Seen seen(long seed, long seconds, Consumer<Caller> how) {
        Traffic traffic = new Traffic(0);
        Caller caller = new Caller(seed, traffic);
        how.accept(caller);
        caller.play(seconds);
        return traffic.seen(caller.now());
    }

    @Nested
    class OfLatencies {
        private static final int SEEDS = 400;
        private static final double Z_999 = 3.0902;

        @ParameterizedTest(name = "{0} calls")
        @CsvSource({"3700", "6000", "20000"})
        void theTrueTailLiesInTheInterval(int calls) {
            assertCovered(
                    calls,
                    logNormal(20e6, 0.6),
                    20e6 * Math.exp(0.6 * Z_999),
                    seen -> seen.tail().leastNanos(),
                    seen -> seen.tail().mostNanos());
        }

        @Test
        void theTrueMedianLiesInTheInterval() {
            assertCovered(
                    4000,
                    logNormal(20e6, 0.6),
                    20e6,
                    seen -> seen.median().leastNanos(),
                    seen -> seen.median().mostNanos());
        }

        @Test
        void soDoesThatOfTwoModes() {
            // one in a thousand of all is one in 300 of the slow; half of all are five in seven of the fast
            assertCovered(
                    5000,
                    bimodal(),
                    600e6 * Math.exp(0.1 * 2.7131),
                    seen -> seen.tail().leastNanos(),
                    seen -> seen.tail().mostNanos());
            assertCovered(
                    5000,
                    bimodal(),
                    10e6 * Math.exp(0.1 * 0.5659),
                    seen -> seen.median().leastNanos(),
                    seen -> seen.median().mostNanos());
        }

        private void assertCovered(
                int calls,
                ToDoubleFunction<SplittableRandom> latency,
                double truth,
                ToLongFunction<Seen> least,
                ToLongFunction<Seen> most) {
            long covered = IntStream.range(0, SEEDS)
                    .mapToObj(seed -> sampled(calls, latency, seed))
                    .filter(seen -> least.applyAsLong(seen) <= truth && truth <= most.applyAsLong(seen))
                    .count();
            assertThat(covered).isGreaterThanOrEqualTo((long) (0.95 * SEEDS));
        }

        private Seen sampled(int calls, ToDoubleFunction<SplittableRandom> latency, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            Sample sample = new Sample(0, 0);
            for (int i = 0; i < calls; i++) {
                sample.add((long) latency.applyAsDouble(random));
            }
            Traffic traffic = new Traffic(0);
            traffic.add(new Counted(1, 1, 0, calls, 0, 0, 0, 0, 1, true, sample));
            return traffic.seen(2 * Traffic.PANE_NANOS);
        }

        @Test
        void callsThatWereGivenUpAreNotTakenForShort() {
            Traffic traffic = new Traffic(0);
            Sample sample = new Sample(0, 0);
            sample.add(Latencies.bucketOf(20_000_000), 100_000);
            traffic.add(new Counted(1, 1, 0, 100_000, 0, 0, 150, 0, 1, true, sample));

            assertThat(traffic.seen(2 * Traffic.PANE_NANOS).tail().mostNanos()).isEqualTo(Long.MAX_VALUE);
        }

        @Test
        void fewerCallsThanSaidSayNothingOfTheTail() {
            Seen few = sampled((int) Seen.LEAST_CALLS - 1, logNormal(20e6, 0.6), 1);
            Seen enough = sampled((int) Seen.LEAST_CALLS, logNormal(20e6, 0.6), 1);

            assertThat(few.tail().mostNanos()).isEqualTo(Long.MAX_VALUE);
            assertThat(few.missing()).anyMatch(what -> what.startsWith("3687 of 3688 successful calls"));
            assertThat(enough.tail().mostNanos()).isLessThan(1_000_000_000);
            assertThat(enough.missing()).noneMatch(what -> what.contains("calls timed"));
        }
    }

    @Nested
    class AppliedToTheSameTraffic {
        @ParameterizedTest
        @EnumSource
        void cutsAndRefusesNoMoreThanItSays(LoadShape shape) {
            for (ToDoubleFunction<SplittableRandom> latency : Arrays.asList(logNormal(20e6, 0.5), bimodal())) {
                for (Mood mood : Mood.values()) {
                    assertKept(shape, latency, mood);
                }
            }
        }

        private void assertKept(LoadShape shape, ToDoubleFunction<SplittableRandom> latency, Mood mood) {
            Consumer<Caller> how = caller -> {
                caller.rate = load(shape);
                caller.latency = latency;
                caller.failing = 0.01;
            };
            Seen seen = seen(3, 2 * QUARTER, how);
            assertThat(seen.missing()).isEmpty();
            Suggestion suggestion = Suggestion.of(seen, mood, null);
            for (long seed : new long[] {3, 4}) {
                Caller caller = new Caller(seed, suggestion);
                how.accept(caller);
                caller.play(2 * QUARTER);

                String what = suggestion + " " + caller.calls;
                assertThat(suggestion.shape()).isEqualTo(shape);
                assertThat(caller.trips).as(what).isZero();
                assertThat(caller.cut).as(what).isLessThanOrEqualTo((long) (suggestion.cut() * caller.calls));
                assertThat(caller.refused).as(what).isLessThanOrEqualTo((long) (suggestion.refused() * caller.calls));
            }
        }

        @Test
        void theConservativeOneIsTheLoosestInEverything() {
            Seen seen = seen(5, QUARTER, caller -> caller.failing = 0.02);
            Suggestion loose = Suggestion.of(seen, Mood.CONSERVATIVE, null);
            Suggestion tight = Suggestion.of(seen, Mood.AGGRESSIVE, null);

            assertThat(loose.deadline()).isGreaterThan(tight.deadline());
            assertThat(loose.concurrency()).isGreaterThan(tight.concurrency());
            assertThat(rate(loose)).isGreaterThan(rate(tight));
        }

        private double rate(Suggestion suggestion) {
            Strategy.TimeWindow thresholds = suggestion.thresholds();
            return thresholds == null ? 1 : thresholds.failureRate();
        }

        @Test
        void doesNotShortenADeadlineThatCuts() {
            Seen seen = seen(5, QUARTER, caller -> {});
            Duration inForce = Duration.ofSeconds(9);

            assertThat(Suggestion.of(seen, Mood.AGGRESSIVE, inForce).deadline()).isEqualTo(inForce);
            assertThat(Suggestion.of(seen, Mood.AGGRESSIVE, Duration.ofMillis(1))
                            .deadline())
                    .isEqualTo(Suggestion.of(seen, Mood.AGGRESSIVE, null).deadline());
        }

        @Test
        void keepsAwayFromAMedianThatIsTheTail() {
            Seen seen = seen(5, QUARTER, caller -> caller.latency = random -> 30e6);

            assertThat(Suggestion.of(seen, Mood.AGGRESSIVE, null).deadline()).isGreaterThan(Duration.ofMillis(59));
        }

        @Test
        void hasNoThresholdWhereFailuresAreUsual() {
            Seen seen = seen(5, QUARTER, caller -> caller.failing = 0.4);
            Suggestion suggestion = Suggestion.of(seen, Mood.CONSERVATIVE, null);
            assertThat(suggestion.thresholds()).isNull();
        }
    }

    @Nested
    class OfLoads {
        @ParameterizedTest
        @EnumSource
        void areKnownByTheirRates(LoadShape shape) {
            for (int seed = 0; seed < 20; seed++) {
                assertThat(seen(seed, QUARTER, caller -> caller.rate = load(shape))
                                .shape())
                        .as("seed %d", seed)
                        .isEqualTo(shape);
            }
        }

        @Test
        void chanceAloneIsSustainedHoweverFewTheCallsAre() {
            for (double rate : new double[] {0.2, 1, 5}) {
                for (int seed = 0; seed < 20; seed++) {
                    assertThat(seen(seed, 4 * QUARTER, caller -> caller.rate = second -> rate)
                                    .shape())
                            .as("%s calls/s, seed %d", rate, seed)
                            .isEqualTo(LoadShape.SUSTAINED);
                }
            }
        }

        @Test
        void callsThatComeOnceInAWhileAreASpike() {
            assertThat(seen(1, 4 * QUARTER, caller -> caller.rate = second -> second % 600 < 5 ? 100 : 0)
                            .shape())
                    .isEqualTo(LoadShape.SPIKE);
        }
    }

    @Nested
    class IsNotMadeOf {
        @Test
        void whatWasSeenWhileTheTargetWasIll() {
            Traffic traffic = new Traffic(0);
            Caller caller = new Caller(1, traffic);
            caller.play(QUARTER);
            Seen before = traffic.seen(caller.now());
            for (int outage = 0; outage < 3; outage++) {
                caller.failing = 1;
                caller.play(30);
                caller.failing = 0;
                caller.play(100);
            }
            Seen after = traffic.seen(caller.now());

            assertThat(caller.trips).isPositive();
            assertThat(before.failures()).isZero();
            assertThat(after.failures()).isZero();
            assertThat(after.worstFailures()).isZero();
            assertThat(after.notClosedFor()).isBetween(Duration.ofSeconds(90), Duration.ofSeconds(180));
        }

        @Test
        void whatWasSeenWhileALimitRefused() {
            Traffic traffic = new Traffic(0);
            Caller caller = new Caller(1, traffic);
            caller.rate = second -> 200;
            caller.play(QUARTER);
            Seen before = traffic.seen(caller.now());
            caller.latency = logNormal(400e6, 0.5);
            caller.play(8);
            caller.latency = logNormal(20e6, 0.5);
            caller.play(62);
            Seen after = traffic.seen(caller.now());

            assertThat(caller.refused).isPositive();
            assertThat(after.refusingFor()).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(40));
            assertThat(after.tail().mostNanos()).isEqualTo(before.tail().mostNanos());
        }

        @Test
        void ourOwnStalls() {
            Traffic traffic = new Traffic(0);
            Caller caller = new Caller(1, traffic);
            caller.play(QUARTER);
            Seen before = traffic.seen(caller.now());
            for (int stall = 0; stall < 10; stall++) {
                caller.freeze(3 * Caller.SECOND);
                caller.play(20);
            }
            Seen after = traffic.seen(caller.now());

            assertThat(after.stalledFor()).isBetween(Duration.ofSeconds(90), Duration.ofSeconds(120));
            assertThat(after.tail().mostNanos()).isEqualTo(before.tail().mostNanos());
        }
    }

    @Nested
    class IsSure {
        @Test
        void onlyAfterFiveMinutesWithCalls() {
            assertThat(seen(1, 280, caller -> caller.rate = second -> 100).missing())
                    .anyMatch(what ->
                            what.contains("of 300s with calls and nothing amiss (set aside: 0s around an open"));
            assertThat(seen(1, 330, caller -> caller.rate = second -> 100).missing())
                    .isEmpty();
        }

        @Test
        void theMoreTheLongerItLooked() {
            assertThat(Suggestion.Sureness.of(seen(1, 400, caller -> {}))).isEqualTo(Suggestion.Sureness.LOW);
            assertThat(Suggestion.Sureness.of(seen(1, 1000, caller -> {}))).isEqualTo(Suggestion.Sureness.FAIR);
            assertThat(Suggestion.Sureness.of(seen(1, 4000, caller -> {}))).isEqualTo(Suggestion.Sureness.GOOD);
        }

        @Test
        void notOfAPeakThatComesAndGoesBetweenTwoLooks() {
            Traffic traffic = new Traffic(0);
            for (long now = 0; now < QUARTER * Caller.SECOND; now += 100_000_000) {
                Sample sample = new Sample(100_000_000, 0);
                sample.add(Latencies.bucketOf(50_000_000), 10);
                traffic.add(new Counted(now, 100_000_000, 0, 10, 0, 0, 0, 0, 0, true, sample));
            }
            Suggestion suggestion = Suggestion.of(traffic.seen(QUARTER * Caller.SECOND), Mood.AGGRESSIVE, null);

            assertThat(suggestion.sureness()).isEqualTo(Suggestion.Sureness.LOW);
            assertThat(suggestion.concurrency()).isGreaterThanOrEqualTo(10);
        }

        @Test
        void thatLittlesLawHolds() {
            Seen seen = seen(1, QUARTER, caller -> caller.latency = logNormal(200e6, 0.5));

            assertThat(seen.meanInFlight()).isBetween(0.9 * seen.meanByLittle(), 1.1 * seen.meanByLittle());
        }
    }

    @Test
    void whatIsRememberedTakesAsMuchAsItSays() {
        Traffic[] full = new Traffic[200];
        long before = liveBytes();
        for (int i = 0; i < full.length; i++) {
            full[i] = new Traffic(0);
            for (long pane = 0; pane < 2 * Traffic.PANES; pane++) {
                full[i].add(new Counted(pane * Traffic.PANE_NANOS, 1, 0, 1, 0, 0, 0, 0, 1, true, new Sample(0, 0)));
            }
        }

        assertThat((liveBytes() - before) / full.length).isBetween(17_000L, 19_500L);
        assertThat(full[0].seen(2 * Traffic.PANES * Traffic.PANE_NANOS).calls()).isPositive();
    }

    private static long liveBytes() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    @Test
    void threeHoursAreRememberedAndNoMore() {
        Traffic traffic = new Traffic(0);
        Caller caller = new Caller(1, traffic);
        caller.rate = second -> 20;
        caller.play(3 * 3600);
        long full = traffic.seen(caller.now()).calls();
        caller.play(3600);

        assertThat(traffic.seen(caller.now()).calls()).isBetween((long) (0.9 * full), (long) (1.02 * full));
        assertThat(traffic.seen(caller.now()).seenFor()).isLessThanOrEqualTo(Duration.ofHours(3));
        assertThat(traffic.seen(caller.now() + 4 * 3600 * Caller.SECOND).calls())
                .isZero();
    }
}
