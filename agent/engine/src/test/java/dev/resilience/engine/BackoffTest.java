package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(10), Duration.ofSeconds(1));

    @ParameterizedTest
    @CsvSource({"1, 10", "2, 20", "3, 40", "7, 640", "8, 1000", "100, 1000", "2147483647, 1000"})
    void doublesItsBoundUpToTheMost(int retry, long millis) {
        assertThat(BACKOFF.ceilingNanos(retry)).isEqualTo(millis * 1_000_000);
    }

    @Test
    void neverOverflows() {
        Backoff widest = new Backoff(Duration.ofMinutes(1), Duration.ofHours(1));

        assertThat(widest.ceilingNanos(64)).isEqualTo(Duration.ofHours(1).toNanos());
    }

    /** Full jitter: any time from none to the bound is as likely as any other. */
    @Test
    void drawsFromAllOfIt() {
        SplittableRandom random = new SplittableRandom(3);
        int[] tenths = new int[10];
        for (int i = 0; i < 100_000; i++) {
            tenths[(int) Math.min(9, BACKOFF.nanos(2, Long.MAX_VALUE, random) / 2_000_000)]++;
        }
        for (int tenth : tenths) {
            assertThat(tenth).isBetween(9_500, 10_500);
        }
    }

    @Test
    void drawsFromWhatIsLeft() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 1000; i++) {
            assertThat(BACKOFF.nanos(3, 5, random)).isBetween(0L, 5L);
        }
        assertThat(BACKOFF.nanos(3, 0, random)).isZero();
        assertThat(BACKOFF.nanos(3, -7, random)).isZero();
    }

    @Test
    void hasBounds() {
        assertThatThrownBy(() -> new Backoff(Duration.ofNanos(999_999), Duration.ofSeconds(1)))
                .hasMessage("backoff must be 1ms to 1m, was PT0.000999999S");
        assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(61), Duration.ofHours(1)))
                .hasMessageStartingWith("backoff must be 1ms to 1m");
        assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessage("max-backoff must be backoff to 1h, was PT1S");
        assertThatThrownBy(() ->
                        new Backoff(Duration.ofSeconds(2), Duration.ofHours(1).plusNanos(1)))
                .hasMessageStartingWith("max-backoff must be backoff to 1h");
        assertThatThrownBy(() -> new RetryConfig(1, BACKOFF, 0.1)).hasMessage("attempts must be 2 to 10, was 1");
        assertThatThrownBy(() -> new RetryConfig(11, BACKOFF, 0.1)).hasMessageStartingWith("attempts");
        assertThatThrownBy(() -> new RetryConfig(2, BACKOFF, 0)).hasMessage("budget must be 0.1% to 100%, was 0.0");
        assertThatThrownBy(() -> new RetryConfig(2, BACKOFF, 1.01)).hasMessageStartingWith("budget");
    }
}
