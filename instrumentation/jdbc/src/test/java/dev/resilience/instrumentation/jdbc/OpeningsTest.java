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
    void threeThatWereLostInARowHurryTheNext() {
        openings.lost(0, 1);
        openings.lost(1, 2);
        openings.ended(millis(1));
        openings.lost(2, 3);
        openings.lost(3, 4);
        assertThat(openings.isHurried(5)).isFalse();
        openings.lost(4, 6);
        assertThat(openings.isHurried(7)).isTrue();
        openings.ended(millis(1));
        assertThat(openings.isHurried(8)).isFalse();
    }

    @Test
    void thoseThatWereLostAtOnceCountAsOne() {
        for (int i = 0; i < 9; i++) {
            openings.lost(i, 10 + i);
        }
        assertThat(openings.isHurried(20)).isFalse();
        openings.lost(10, 20);
        openings.lost(20, 30);
        assertThat(openings.isHurried(31)).isTrue();
    }

    @Test
    void nowAndThenOneHasItsWholeTime() {
        for (int i = 0; i < Openings.LOST; i++) {
            openings.lost(i, i);
        }
        long after = Openings.LOST - 1 + Openings.AGAIN_NANOS;
        assertThat(openings.isHurried(after - 1)).isTrue();
        assertThat(openings.isHurried(after)).isFalse();
        openings.lost(after, after + 1);
        assertThat(openings.isHurried(after + 2)).isTrue();
        assertThat(openings.isHurried(after + Openings.AGAIN_NANOS)).isFalse();
    }

    @Test
    void oneInAHurryHasWhatACancelUsuallyTakes() {
        assertThat(openings.hurriedNanos()).as("nothing is known").isEqualTo(StatementCall.GRACE_NANOS);
        openings.opened(millis(40));
        assertThat(openings.hurriedNanos()).isEqualTo(millis(10));
        openings.opened(millis(1));
        assertThat(openings.hurriedNanos()).isEqualTo(millis(1));
        openings.ended(millis(20));
        assertThat(openings.hurriedNanos()).isEqualTo(millis(20));
        for (int i = 0; i < 1_000; i++) {
            openings.ended(millis(5_000));
        }
        assertThat(openings.hurriedNanos()).isEqualTo(millis(75));
    }

    @Test
    void oneInAHurryBeginsByWhatItTakesToSever() {
        openings.opened(millis(1));
        openings.ended(millis(20));
        for (int i = 0; i < Openings.LOST; i++) {
            assertThat(openings.endingNanos()).isEqualTo(millis(20));
            openings.lost(i, i);
        }
        assertThat(openings.endingNanos()).isEqualTo(openings.hurriedNanos());
        openings.severed(millis(24));
        assertThat(openings.endingNanos()).isEqualTo(millis(24));
    }

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
