package dev.resilience.engine;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatenciesTest {
    private static final long SECOND = SECONDS.toNanos(1);
    private static final Share MEDIAN = Share.of(0.5);

    private final Latencies latencies = new Latencies();
    private final LatencyCounts counts = new LatencyCounts();

    @Test
    void isAtMostAnEighthOfAnOctaveWideFromAMicrosecondToFourMinutes() {
        for (int bucket = 1; bucket < Latencies.BUCKETS - 1; bucket++) {
            long least = Latencies.leastOf(bucket);
            long next = Latencies.leastOf(bucket + 1);
            long value = Latencies.valueOf(bucket);
            assertThat((double) (next - 1 - value) / (next - 1)).isLessThanOrEqualTo(0.0625);
            assertThat((double) (value - least) / least).isLessThanOrEqualTo(0.0625);
        }
        assertThat(Latencies.leastOf(1)).isEqualTo(1024);
        assertThat(Latencies.leastOf(Latencies.BUCKETS - 1)).isGreaterThan(MINUTES.toNanos(4));
    }

    @Test
    void changesBucketAtTheExactNanosecond() {
        for (int bucket = 1; bucket < Latencies.BUCKETS; bucket++) {
            long least = Latencies.leastOf(bucket);
            assertThat(Latencies.bucketOf(least)).isEqualTo(bucket);
            assertThat(Latencies.bucketOf(least - 1)).isEqualTo(bucket - 1);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 1, 1023})
    void countsWhatIsShorterThanAMicrosecondInTheFirst(long nanos) {
        assertThat(Latencies.bucketOf(nanos)).isZero();
        assertThat(Latencies.valueOf(0)).isEqualTo(512);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 38, 1L << 39, (1L << 38) + (1L << 37), Long.MAX_VALUE})
    void countsWhatIsLongerThanFourMinutesInTheLast(long nanos) {
        assertThat(Latencies.bucketOf(nanos)).isEqualTo(Latencies.BUCKETS - 1);
        assertThat(Latencies.valueOf(Latencies.BUCKETS - 1)).isEqualTo(1L << 38);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void givesTheQuantilesOfASortedListToTheBucket(long seed) {
        Random random = new Random(seed);
        List<Long> list = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(5_000); i++) {
            long nanos = (long) (MILLISECONDS.toNanos(20) * Math.exp(2 * random.nextGaussian()));
            latencies.add(nanos);
            list.add(nanos);
        }
        latencies.takeInto(counts, SECOND);

        list.sort(null);
        assertThat(counts.calls()).isEqualTo(list.size());
        for (double share : new double[] {0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1}) {
            int rank = Math.max(1, (int) Math.ceil(Math.round(share * list.size() * 1e6) / 1e6));
            int bucket = Latencies.bucketOf(list.get(rank - 1));
            assertThat(counts.quantileNanos(Share.of(share))).isEqualTo(Latencies.valueOf(bucket));
        }
    }

    @Test
    void hasNoQuantileWithoutCalls() {
        assertThat(counts.quantileNanos(MEDIAN)).isZero();
        assertThat(counts.calls()).isZero();
    }

    @Test
    void takesEachCallOnce() {
        latencies.add(SECOND);
        assertThat(latencies.isTaken()).isFalse();
        latencies.takeInto(counts, SECOND);
        assertThat(latencies.isTaken()).isTrue();
        assertThat(counts.calls()).isEqualTo(1);
        latencies.takeInto(counts, SECOND);
        assertThat(counts.calls()).isEqualTo(1);

        counts.clear();
        latencies.add(2 * SECOND);
        latencies.takeInto(counts, SECOND);
        assertThat(counts.calls()).isEqualTo(1);
        assertThat(counts.quantileNanos(MEDIAN)).isEqualTo(Latencies.valueOf(Latencies.bucketOf(2 * SECOND)));
    }

    @Test
    void goesOnAcrossTheWrapOfACounter() {
        AtomicIntegerArray first = Latencies.stripe();
        for (int i = 0; i < first.length(); i++) {
            first.set(i, -1);
        }
        Latencies old = new Latencies(first);
        old.takeInto(new LatencyCounts(), HOURS.toNanos(24));
        old.add(SECOND);
        old.add(SECOND);
        old.takeInto(counts, SECOND);
        assertThat(counts.calls()).isEqualTo(2);
    }

    @Test
    void losesNothingBetweenTwoThreadsAReaderAndTheWidening() throws Exception {
        int calls = 500_000;
        ExecutorService two = Executors.newFixedThreadPool(2);
        try {
            List<Future<?>> writers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                writers.add(two.submit(() -> {
                    for (int call = 0; call < calls; call++) {
                        latencies.add((call & 7) * MILLISECONDS.toNanos(1));
                    }
                }));
            }
            while (!writers.stream().allMatch(Future::isDone)) {
                latencies.takeInto(counts, 1);
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
        } finally {
            two.shutdownNow();
        }
        latencies.takeInto(counts, 0);
        assertThat(counts.calls()).isEqualTo(2L * calls);
        assertThat(counts.quantileNanos(Share.of(0.125))).isEqualTo(Latencies.valueOf(0));
        assertThat(counts.quantileNanos(Share.of(0.1251)))
                .isEqualTo(Latencies.valueOf(Latencies.bucketOf(MILLISECONDS.toNanos(1))));
    }

    /** One stripe is about a kilobyte; that is what a guard has of which there are thousands. */
    @Test
    void takesMoreMemoryOnlyForAHundredThousandCallsASecond() {
        assertThat(allocatedFor(10_000)).isZero();
        assertThat(allocatedFor(10_001)).isBetween(1_000L, 1_200L);
        assertThat(allocatedFor(20_000)).isZero();
        assertThat(allocatedFor(20_001)).isBetween(2_000L, 2_400L);
        assertThat(allocatedFor(40_001)).isBetween(4_000L, 4_800L);
        assertThat(allocatedFor(200_000)).isZero();
    }

    /** In a tenth of a second; a second turn for classes that the first one may load. */
    private long allocatedFor(int calls) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        latencies.takeInto(counts, SECOND);
        latencies.isTaken();
        for (int call = 0; call < calls; call++) {
            latencies.add(call);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        latencies.takeInto(counts, MILLISECONDS.toNanos(100));
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    @Test
    void allocatesNothingPerCall() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int turn = 0; turn < 3; turn++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int call = 0; call < 1_000_000; call++) {
                latencies.add(call);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).isZero();
    }
}
