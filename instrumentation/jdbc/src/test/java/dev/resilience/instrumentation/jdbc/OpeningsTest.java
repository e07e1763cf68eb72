package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

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
    void aCancelBeginsTwiceWhatTheyTookBeforeTheDeadline() {
        assertThat(openings.leadNanos(millis(1_000))).isZero();
        openings.opened(millis(8));
        assertThat(openings.leadNanos(millis(1_000))).isEqualTo(millis(16));
        openings.cancelled(millis(1));
        assertThat(openings.leadNanos(millis(1_000))).isEqualTo(millis(5));
        openings.cancelled(millis(80));
        assertThat(openings.leadNanos(millis(1_000))).isEqualTo(millis(25));
        assertThat(openings.leadNanos(millis(100))).isEqualTo(millis(10));
        assertThat(openings.leadNanos(millis(50))).isEqualTo(millis(5));
        assertThat(openings.leadNanos(millis(49))).isZero();
    }

    @Test
    void noMoreBeginInVainThanStatementsAreCancelledAndAFew() {
        openings.opened(millis(1));
        assertThat(beginning(100)).isEqualTo(16);
        assertThat(openings.leadNanos(millis(1_000))).isZero();
        openings.mayBeginEarly();
        assertThat(openings.leadNanos(millis(1_000))).isEqualTo(millis(5));
        assertThat(beginning(100)).isEqualTo(1);
        for (int i = 0; i < 100; i++) {
            openings.mayBeginEarly();
        }
        assertThat(beginning(100)).isEqualTo(16);
    }

    /** The database has done much of what one that began early costs by the time that it is sent. */
    @Test
    void oneThatBeganEarlyMakesNoneBeginLater() {
        openings.opened(millis(1));
        openings.cancelled(millis(10));
        assertThat(openings.leadNanos(millis(1_000))).isEqualTo(millis(20));
        for (int i = 0; i < 20; i++) {
            openings.cancelledEarly(millis(21), millis(20));
        }
        assertThat(openings.leadNanos(millis(1_000))).isEqualTo(millis(20));
        assertThat(openings.graceNanos()).isEqualTo(millis(75));
        openings.cancelledEarly(millis(60), millis(20));
        assertThat(openings.leadNanos(millis(1_000))).isEqualTo(millis(25));
        assertThat(openings.graceNanos()).isEqualTo(millis(120));
    }

    private int beginning(int wanted) {
        int begun = 0;
        for (int i = 0; i < wanted; i++) {
            begun += openings.tryBeginEarly() ? 1 : 0;
        }
        return begun;
    }

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
