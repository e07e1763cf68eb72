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
    void afterThreeInARowTheyAreLost() {
        openings.lost(0, 1);
        openings.lost(1, 2);
        openings.ended(millis(1));
        openings.lost(2, 3);
        openings.lost(3, 4);
        assertThat(openings.areLost()).isFalse();
        openings.lost(4, 6);
        openings.cancelled(millis(1_000));
        assertThat(openings.areLost()).as("what came back may have given up").isTrue();
        openings.arrived();
        assertThat(openings.areLost()).isFalse();
    }

    @Test
    void thoseThatWereLostAtOnceCountAsOne() {
        for (int i = 0; i < 9; i++) {
            openings.lost(i, 10 + i);
        }
        assertThat(openings.areLost()).isFalse();
        openings.lost(10, 20);
        openings.lost(20, 30);
        assertThat(openings.areLost()).isTrue();
    }

    @Test
    void whereTheyAreLostWhatSeveringTakesCounts() {
        openings.ended(millis(20));
        for (int i = 0; i < Openings.LOST; i++) {
            assertThat(openings.endingNanos()).isEqualTo(millis(20));
            openings.lost(i, i);
        }
        assertThat(openings.endingNanos()).isZero();
        openings.severed(millis(1));
        assertThat(openings.endingNanos()).isEqualTo(millis(1));
        openings.arrived();
        assertThat(openings.endingNanos()).isEqualTo(millis(20));
    }

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
