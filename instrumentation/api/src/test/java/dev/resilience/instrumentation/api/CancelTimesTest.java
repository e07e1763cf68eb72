package dev.resilience.instrumentation.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CancelTimesTest {
    private final CancelTimes times = new CancelTimes();

    @Test
    void areKnownButForOneInAHundred() {
        assertThat(times.nanos()).isZero();
        times.ended(millis(2));
        assertThat(times.nanos()).isEqualTo(millis(2));
        Random random = new Random(1);
        int over = 0;
        for (int i = 0; i < 20_000; i++) {
            long took = (long) (millis(2) - 600_000 * Math.log(1 - random.nextDouble())); // its P99 is 4.76 ms
            over += i >= 1_000 && took > times.nanos() ? 1 : 0;
            times.ended(took);
        }
        assertThat(over).isBetween(150, 230);
        assertThat(times.nanos()).isBetween(millis(4), millis(6));
    }

    /** They have classes to load, and threads to start. */
    @Test
    void theFirstCancelsAreNotWhatACancelTakes() {
        for (long took : new long[] {400, 90, 30, 12, 3, 5, 3, 4}) {
            times.ended(millis(took));
        }
        assertThat(times.nanos()).isEqualTo(millis(3));
    }

    @Test
    void onePauseOfADatabaseIsNotWhatACancelTakes() {
        for (int i = 0; i < 8; i++) {
            times.ended(millis(4));
        }
        times.ended(millis(4_000));
        assertThat(times.nanos()).isLessThan(millis(5));
        for (int i = 0; i < 10_000; i++) {
            times.ended(0);
        }
        assertThat(times.nanos()).isPositive().isLessThan(1_000);
    }

    @Test
    void takeAFortiethOfADeadlineAtMostAndATenthOfASecond() {
        assertThat(CancelTimes.early(0, millis(200))).isZero();
        assertThat(CancelTimes.early(millis(3), millis(200))).isEqualTo(millis(3));
        assertThat(CancelTimes.early(millis(7), millis(200))).isEqualTo(millis(5));
        assertThat(CancelTimes.early(millis(700), millis(60_000))).isEqualTo(millis(100));
    }

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
