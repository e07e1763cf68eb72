package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OpeningsTest {
    private final Openings openings = new Openings();

    @Test
    void theFirstHasFiveSeconds() {
        assertThat(openings.leastNanos()).isEqualTo(Openings.FIRST_NANOS);
        assertThat(openings.graceNanos()).isEqualTo(StatementCall.GRACE_NANOS);
    }

    @Test
    void fourTimesTheQuickestIsGiven() {
        openings.opened(millis(400));
        openings.opened(millis(30));
        openings.opened(millis(80));
        assertThat(openings.leastNanos()).isEqualTo(millis(120));
        openings.opened(1);
        assertThat(openings.leastNanos()).isEqualTo(4);
    }

    @Test
    void noneIsGivenMoreThanTheFirst() {
        openings.opened(TimeUnit.SECONDS.toNanos(40));
        assertThat(openings.leastNanos()).isEqualTo(Openings.FIRST_NANOS);
    }

    @Test
    void aCancelIsGivenTwiceWhatTheLastTook() {
        openings.opened(millis(1));
        assertThat(openings.graceNanos()).isEqualTo(millis(75));
        openings.opened(millis(40));
        assertThat(openings.graceNanos()).isEqualTo(millis(80));
        openings.opened(millis(400));
        assertThat(openings.graceNanos()).isEqualTo(millis(250));
    }

    @Test
    void orTwiceWhatCancelsTookOfLate() {
        openings.opened(millis(1));
        openings.cancelled(millis(80));
        assertThat(openings.graceNanos()).isEqualTo(millis(160));
        openings.cancelled(millis(1));
        assertThat(openings.graceNanos()).isEqualTo(millis(140));
        for (int i = 0; i < 20; i++) {
            openings.cancelled(millis(1));
        }
        assertThat(openings.graceNanos()).isEqualTo(millis(75));
    }

    @Test
    void whatACancelTakesToEndItsStatementIsKnownButForOneInAHundred() {
        assertThat(openings.endingNanos()).isZero();
        openings.ended(millis(2));
        assertThat(openings.endingNanos()).isEqualTo(millis(2));
        Random random = new Random(1);
        int over = 0;
        for (int i = 0; i < 20_000; i++) {
            long took = (long) (millis(2) - 600_000 * Math.log(1 - random.nextDouble())); // its P99 is 4.76 ms
            over += i >= 1_000 && took > openings.endingNanos() ? 1 : 0;
            openings.ended(took);
        }
        assertThat(over).isBetween(150, 230);
        assertThat(openings.endingNanos()).isBetween(millis(4), millis(6));
    }

    /** They have classes to load, and threads to start. */
    @Test
    void theFirstCancelsAreNotWhatACancelTakes() {
        for (long took : new long[] {400, 90, 30, 12, 3, 5, 3, 4}) {
            openings.ended(millis(took));
        }
        assertThat(openings.endingNanos()).isEqualTo(millis(3));
    }

    @Test
    void onePauseOfADatabaseIsNotWhatACancelTakes() {
        for (int i = 0; i < 8; i++) {
            openings.ended(millis(4));
        }
        openings.ended(millis(4_000));
        assertThat(openings.endingNanos()).isLessThan(millis(5));
        for (int i = 0; i < 10_000; i++) {
            openings.ended(0);
        }
        assertThat(openings.endingNanos()).isPositive().isLessThan(1_000);
    }

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
