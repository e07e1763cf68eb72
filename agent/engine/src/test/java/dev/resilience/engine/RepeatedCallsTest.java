package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RepeatedCallsTest {
    private static final long SECOND = 1_000_000_000;
    private static final long WINDOW = 5 * SECOND;

    private long now = Long.MAX_VALUE - 2 * SECOND;
    private final RepeatedCalls calls = new RepeatedCalls(1024, WINDOW, now);

    @Test
    void seesARequestThatFailedComeAgain() {
        calls.failed(42, now);
        now += SECOND;

        assertThat(calls.isRepeat(41, now)).isFalse();
        assertThat(calls.isRepeat(42, now)).isTrue();
    }

    @Test
    void takesAFailureForOneRepetitionAtMost() {
        calls.failed(42, now);

        assertThat(calls.isRepeat(42, now)).isTrue();
        assertThat(calls.isRepeat(42, now)).isFalse();
        calls.failed(42, now);
        calls.failed(42, now);
        assertThat(calls.isRepeat(42, now)).isTrue();
        assertThat(calls.isRepeat(42, now)).isTrue();
        assertThat(calls.isRepeat(42, now)).isFalse();
    }

    @Test
    void forgetsAFailureAfterItsWindow() {
        calls.failed(42, now);
        calls.failed(43, now + WINDOW);

        assertThat(calls.isRepeat(42, now + WINDOW - 1)).isTrue();
        calls.failed(42, now);
        assertThat(calls.isRepeat(42, now + WINDOW + (70L << 20))).isFalse();
        assertThat(calls.isRepeat(43, now + WINDOW + (70L << 20))).isTrue();
    }

    @Test
    void watchesNothingWhileNothingFails() {
        assertThat(calls.isWatching(now)).isFalse();
        assertThat(calls.isRepeat(42, now)).isFalse();
        calls.failed(42, now);
        assertThat(calls.isWatching(now + WINDOW + WINDOW / 16)).isTrue();
        assertThat(calls.isWatching(now + WINDOW + WINDOW / 16 + 1)).isFalse();
        assertThat(calls.isRepeat(42, now + 2 * WINDOW)).isFalse();
    }

    @Test
    void watchesByAnyClock() {
        RepeatedCalls negative = new RepeatedCalls(2, WINDOW, -100 * SECOND);
        negative.failed(42, -99 * SECOND);
        assertThat(negative.isRepeat(42, -98 * SECOND)).isTrue();
    }

    /** A failure that another thread tells, which read the clock a little later. */
    @Test
    void seesWhatFailedALittleLater() {
        calls.failed(42, now + 10_000_000);

        assertThat(calls.isRepeat(42, now)).isTrue();
    }

    @Test
    void isOfASizeThatItsPlacesCanHave() {
        for (int size : new int[] {0, 1, 3, 1000, 1 << 21}) {
            assertThatThrownBy(() -> new RepeatedCalls(size, WINDOW, now))
                    .hasMessage("a power of two from 2 to 2^20, not " + size);
        }
        new RepeatedCalls(1 << 20, WINDOW, now).failed(1, now);
        RepeatedCalls least = new RepeatedCalls(2, WINDOW, now);
        least.failed(1, now);
        least.failed(2, now + SECOND);
        least.failed(3, now + 2 * SECOND);
        assertThat(least.isRepeat(1, now + 2 * SECOND)).isFalse();
        assertThat(least.isRepeat(2, now + 2 * SECOND)).isTrue();
        assertThat(least.isRepeat(3, now + 2 * SECOND)).isTrue();
    }

    /** By chance two in 2^40; hashes that are alike, and of 32 bits, are no worse. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void takesNoOtherRequestForARepetition(boolean isAlike) {
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 10_000; i++) {
            calls.failed(isAlike ? i : random.nextInt(), now);
        }
        int repeats = 0;
        for (int i = 0; i < 1_000_000; i++) {
            long other = isAlike ? 10_000 + i : (1L << 40) + random.nextInt();
            repeats += calls.isRepeat(other, now) ? 1 : 0;
        }
        assertThat(repeats).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 256, 512})
    void keepsNearlyAllWhileATableIsNotFull(int failures) {
        for (int i = 0; i < failures; i++) {
            calls.failed(i * 31L, now);
        }
        int seen = 0;
        for (int i = 0; i < failures; i++) {
            seen += calls.isRepeat(i * 31L, now) ? 1 : 0;
        }
        // three or more in one of 512 places for two: of Poisson's law 0.5 %, 3 % and 10 % are lost
        assertThat(seen)
                .isGreaterThanOrEqualTo((int) ((failures == 512 ? 0.87 : failures == 256 ? 0.95 : 0.98) * failures));
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 20);
    }

    /** Beside every failure in a list: what it sees is there, and what it does not see was displaced or too old. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void seesNoMoreThanAListOfFailures(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<Long, ArrayDeque<Long>> failed = new HashMap<>();
        int there = 0;
        int seen = 0;
        for (int step = 0; step < 20_000; step++) {
            now += random.nextLong(20_000_000);
            long hash = random.nextInt(300);
            ArrayDeque<Long> times = failed.computeIfAbsent(hash, any -> new ArrayDeque<>());
            while (!times.isEmpty() && now - times.getFirst() > WINDOW + (80L << 20)) {
                times.removeFirst();
            }
            if (random.nextInt(4) == 0) {
                calls.failed(hash, now);
                times.addLast(now);
            } else if (calls.isRepeat(hash, now)) {
                assertThat(times).as("step %d", step).isNotEmpty();
                times.removeFirst();
                seen++;
            } else if (!times.isEmpty() && now - times.getLast() < WINDOW) {
                there++;
            }
        }
        assertThat(seen).isGreaterThan(2_000);
        assertThat(there).isLessThan(seen / 10);
    }

    @Test
    void givesAFailureToOneOfTwoThreadsAlone() throws Exception {
        int rounds = 200_000;
        ExecutorService two = Executors.newFixedThreadPool(2);
        try {
            for (int i = 0; i < 512; i++) {
                calls.failed(i, now);
            }
            CyclicBarrier start = new CyclicBarrier(2);
            Callable<Integer> racer = () -> {
                start.await();
                int seen = 0;
                for (int i = 0; i < rounds; i++) {
                    seen += calls.isRepeat(i % 512, now) ? 1 : 0;
                }
                return seen;
            };
            int seen = 0;
            for (Future<Integer> each : two.invokeAll(List.of(racer, racer))) {
                seen += each.get();
            }
            assertThat(seen).isBetween(430, 512);
        } finally {
            two.shutdownNow();
        }
    }
}
