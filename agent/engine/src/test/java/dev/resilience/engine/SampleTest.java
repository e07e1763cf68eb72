package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleTest {
    private static final long MILLI = 1_000_000;

    private final Sample sample = new Sample(5, 6);

    @Test
    void knowsHowLongItTookAndHowManyWereRefused() {
        assertThat(sample.nanos()).isEqualTo(5);
        assertThat(sample.refusals()).isEqualTo(6);
        assertThat(sample.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void medianAndTailAreThoseOfTheListToTheGrainOfABucket(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] all = new double[1 + random.nextInt(1_000)];
        for (int i = 0; i < all.length; i++) {
            all[i] = 10 * MILLI * Math.exp(random.nextGaussian());
            sample.add((long) all[i]);
        }
        Arrays.sort(all);
        double median = all[(all.length - 1) / 2];
        assertThat(sample.size()).isEqualTo(all.length);
        assertThat(sample.median()).isCloseTo(median, within(0.07 * median));
        for (double bound : new double[] {1e6, 5e6, 10e6, 40e6}) {
            assertThat(sample.above(bound))
                    .isLessThanOrEqualTo(
                            (int) Arrays.stream(all).filter(it -> it > bound).count())
                    .isGreaterThanOrEqualTo((int)
                            Arrays.stream(all).filter(it -> it > 1.13 * bound).count());
        }
    }

    @Test
    void medianOfTwoIsTheLower() {
        sample.add(10 * MILLI);
        sample.add(1_000 * MILLI);
        assertThat(sample.median()).isBetween(9.0 * MILLI, 11.0 * MILLI);
    }

    @Test
    void medianOfTheShortestIsTheShortest() {
        sample.add(0, 3);
        sample.add(MILLI);
        assertThat(sample.median()).isEqualTo((double) Latencies.valueOf(0));
        assertThat(sample.above(0)).isEqualTo(1);
    }

    @Test
    void dropsTheShortestTooWhenNothingElseIsLeft() {
        sample.add(0, 3);
        sample.dropLongest(2);
        assertThat(sample.size()).isEqualTo(1);
        assertThat(sample.median()).isEqualTo((double) Latencies.valueOf(0));
    }

    @Test
    void isTheSameUnpackedAsItWasPacked() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 500; i++) {
            sample.add(random.nextInt(Latencies.BUCKETS), 1);
        }
        Sample other = new Sample(0, 0);
        other.unpack(sample.packed());
        assertThat(other.packed()).isEqualTo(sample.packed());
        assertThat(other.size()).isEqualTo(500);
        assertThat(other.median()).isEqualTo(sample.median());
    }

    @Test
    void addsAnotherToItsOwn() {
        Sample other = new Sample(1, 1);
        other.add(10 * MILLI);
        sample.add(20 * MILLI);
        sample.add(other);
        assertThat(sample.size()).isEqualTo(2);
        assertThat(sample.above(15 * MILLI)).isEqualTo(1);
        assertThat(sample.above(5 * MILLI)).isEqualTo(2);
        assertThat(sample.nanos()).isEqualTo(5);
    }

    @Test
    void eachStandsForSeveralOnceItIsStretched() {
        sample.add(0, 1);
        sample.add(10 * MILLI);
        sample.add(Latencies.BUCKETS - 1, 2);
        sample.stretch(2.4);
        assertThat(sample.size()).isEqualTo(2 + 2 + 5);
        assertThat(sample.above(5 * MILLI)).isEqualTo(2 + 5);
        assertThat(sample.above(15 * MILLI)).isEqualTo(5);
    }

    @Test
    void addsEachBucketToASum() {
        int[] sums = new int[Latencies.BUCKETS];
        sample.addTo(sums);
        assertThat(sums).containsOnly(0);
        sums[0] = 10;
        sample.add(0, 1);
        sample.add(Latencies.BUCKETS - 1, 2);
        sample.addTo(sums);
        assertThat(sums).startsWith(11, 0).endsWith(0, 2);
    }

    @Test
    void dropsTheLongest() {
        for (long i = 1; i <= 10; i++) {
            sample.add(i * 100 * MILLI);
        }
        sample.dropLongest(3);
        assertThat(sample.size()).isEqualTo(7);
        assertThat(sample.above(650 * MILLI)).isEqualTo(1);
        sample.dropLongest(0);
        sample.dropLongest(-1);
        assertThat(sample.size()).isEqualTo(7);
        sample.dropLongest(100);
        assertThat(sample.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 127, 128, 16_383, 16_384, 2_097_152, 123_456_789, 1 << 28})
    void isTheSameAfterItWasPacked(int many) {
        sample.add(0, many);
        sample.add(7, 1);
        sample.add(Latencies.BUCKETS - 1, many);
        byte[] packed = sample.packed();
        Sample unpacked = new Sample(5, 6);
        unpacked.unpack(packed);
        assertThat(unpacked.size()).isEqualTo(sample.size());
        assertThat(unpacked.median()).isEqualTo(sample.median());
        int[] sums = new int[Latencies.BUCKETS];
        unpacked.addTo(sums);
        assertThat(sums[0]).isEqualTo(many);
        assertThat(sums[7]).isEqualTo(1);
        assertThat(sums[Latencies.BUCKETS - 1]).isEqualTo(many);
        assertThat(packed).hasSizeLessThanOrEqualTo(14);
    }

    @Nested
    class Running {
        private final int[] running = new int[Latencies.BUCKETS];

        @Test
        void changesNothingIfAllHaveEnded() {
            sample.add(10 * MILLI);
            sample.add(20 * MILLI);
            byte[] before = sample.packed();
            sample.addRunning(running, 0);
            assertThat(sample.packed()).isEqualTo(before);
            assertThat(sample.size()).isEqualTo(2);
        }

        @Test
        void whatIsNotSlowAloneIsNoEvidence() {
            running[Latencies.bucketOf(10 * MILLI)] = 5;
            sample.addRunning(running, 10 * MILLI);
            assertThat(sample.size()).isZero();
            sample.addRunning(running, Double.POSITIVE_INFINITY);
            assertThat(sample.size()).isZero();
            sample.addRunning(running, 9 * MILLI);
            assertThat(sample.size()).isEqualTo(5);
            assertThat(sample.above(9 * MILLI)).isEqualTo(5);
        }

        @Test
        void standsForAShareOfEachLongerOne() {
            sample.add(bucket(10), 2);
            running[bucket(20)] = 2;
            sample.add(bucket(30), 1);
            sample.add(bucket(40), 1);
            sample.addRunning(running, 15 * MILLI);
            assertThat(sample.size()).isEqualTo(6);
            assertThat(sample.above(15 * MILLI)).isEqualTo(4);
            assertThat(sample.above(35 * MILLI)).isEqualTo(2);
        }

        /** Whatever is longer than all that ended has not ended. */
        @Test
        void theLongestStandForThemselves() {
            sample.add(bucket(10), 3);
            running[bucket(10)] = 1;
            running[bucket(20)] = 2;
            sample.addRunning(running, 0);
            assertThat(sample.size()).isEqualTo(6);
            assertThat(sample.above(15 * MILLI)).isEqualTo(3);
        }

        /** Each that has not ended hands what it counts to those behind it, in equal parts. */
        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
        void isWhatRedistributionToTheRightSaysOfAListOfAll(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            int slow = random.nextInt(Latencies.BUCKETS);
            int all = random.nextInt(1, 300);
            int spread = random.nextInt(1, Latencies.BUCKETS);
            double share = random.nextDouble();
            int[][] list = new int[all][];
            int evidence = 0;
            for (int i = 0; i < all; i++) {
                boolean runs = random.nextDouble() < share;
                list[i] = new int[] {random.nextInt(spread), runs ? 1 : 0};
                running[list[i][0]] += list[i][1];
                sample.add(list[i][0], 1 - list[i][1]);
                evidence += !runs || list[i][0] > slow ? 1 : 0;
            }
            Arrays.sort(list, Comparator.<int[]>comparingInt(it -> it[0]).thenComparingInt(it -> it[1]));
            double[] mass = new double[all];
            Arrays.fill(mass, 1);
            for (int i = 0; i < all; i++) {
                // the last in a bucket hand theirs on together, so what is behind them is behind the bucket
                int behind = i;
                while (behind < all && list[behind][0] == list[i][0]) {
                    behind++;
                }
                for (int j = behind; list[i][1] == 1 && j < all; j++) {
                    mass[j] += mass[i] / (all - behind);
                }
                mass[i] = list[i][1] == 1 && behind < all ? 0 : mass[i];
            }

            sample.addRunning(running, (double) Latencies.valueOf(slow));

            assertThat(sample.size()).isEqualTo(evidence);
            int[] sums = new int[Latencies.BUCKETS];
            sample.addTo(sums);
            double expected = 0;
            int actual = 0;
            for (int bucket = 0, i = 0; bucket < Latencies.BUCKETS; bucket++) {
                for (; i < all && list[i][0] == bucket; i++) {
                    expected += mass[i] * evidence / all;
                }
                actual += sums[bucket];
                assertThat(sums[bucket]).isNotNegative();
                assertThat((double) actual).as("up to bucket %d", bucket).isCloseTo(expected, within(0.5 + 1e-6));
            }
        }

        /** Calls that began in the last 60 ms and take 40 on the median: those that have ended took 25. */
        @Test
        void theMedianIsThatOfAllCallsThoughOnlyTheQuickerHaveEnded() {
            SplittableRandom random = new SplittableRandom(1);
            Sample ended = new Sample(0, 0);
            for (int i = 0; i < 10_000; i++) {
                long age = (long) (60 * MILLI * random.nextDouble());
                long latency = (long) (40 * MILLI * Math.exp(0.5 * random.nextGaussian()));
                if (latency <= age) {
                    ended.add(latency);
                } else {
                    running[Latencies.bucketOf(age)]++;
                }
            }
            assertThat(ended.median()).isLessThan(32.0 * MILLI);
            ended.addRunning(running, 0);
            assertThat(ended.median()).isBetween(37.0 * MILLI, 43.0 * MILLI);
        }

        private int bucket(long millis) {
            return Latencies.bucketOf(millis * MILLI);
        }
    }
}
