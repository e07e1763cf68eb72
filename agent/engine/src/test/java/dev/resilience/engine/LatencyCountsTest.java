package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyCountsTest {
    private final LatencyCounts counts = new LatencyCounts();

    /** Of shares with as many digits as a share has, and of those that are met exactly. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void anyQuantileIsThatOfASortedList(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Integer> buckets = new ArrayList<>();
        for (int step = 0; step < 400; step++) {
            if (random.nextInt(100) == 0) {
                counts.clear();
                buckets.clear();
            }
            int bucket = random.nextInt(random.nextInt(1, Latencies.BUCKETS + 1));
            for (int times = random.nextInt(20); times > 0; times--) {
                int each = random.nextBoolean() ? 1 : 2;
                counts.add(bucket, each);
                for (; each > 0; each--) {
                    buckets.add(bucket);
                }
            }
            buckets.sort(null);
            assertThat(counts.calls()).isEqualTo(buckets.size());
            BigDecimal share = random.nextBoolean()
                    ? BigDecimal.valueOf(random.nextLong(1_000_000_000), 9)
                    : BigDecimal.valueOf(random.nextInt(0, 101), 2);
            assertThat(counts.quantileNanos(Share.of(share.doubleValue())))
                    .as("%s of %d, step %d", share, buckets.size(), step)
                    .isEqualTo(quantile(buckets, share));
        }
    }

    /** The least that is not exceeded by this share of them, for a whole call. */
    private static long quantile(List<Integer> sorted, BigDecimal share) {
        int rank = share.multiply(BigDecimal.valueOf(sorted.size()))
                .setScale(0, RoundingMode.CEILING)
                .intValueExact();
        return sorted.isEmpty() ? 0 : Latencies.valueOf(sorted.get(Math.max(0, rank - 1)));
    }
}
