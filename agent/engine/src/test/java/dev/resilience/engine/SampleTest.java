package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
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
}
