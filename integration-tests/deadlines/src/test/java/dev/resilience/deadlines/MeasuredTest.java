package dev.resilience.deadlines;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class MeasuredTest {
    private static final long DEADLINE = 200;

    /** One call that began at 0, after a warm-up of one; the meter's beats are pairs of due and late. */
    private static Figures oneCall(long ended, long... beats) {
        long[] due = new long[beats.length / 2];
        long[] late = new long[beats.length / 2];
        for (int i = 0; i < due.length; i++) {
            due[i] = beats[2 * i];
            late[i] = beats[2 * i + 1];
        }
        Measured measured = new Measured(
                1,
                DEADLINE,
                new long[] {-2_000_000, -2_000_000},
                new long[] {-1, 0},
                new long[] {1, ended},
                new boolean[2],
                new boolean[2],
                due,
                late);
        return measured.figures(new Seen(2));
    }

    @Test
    void countsLatenessFromTheStartAndFromTheIntendedStart() {
        Figures figures = oneCall(230, 0, 1);

        assertThat(figures.lateness().max()).isEqualTo(30);
        assertThat(figures.fromIntended().max()).isEqualTo(2_000_030);
        assertThat(figures.delayed()).isOne();
    }

    @Test
    void neverIsLaterThanAnything() {
        Figures figures = oneCall(0, 0, 1);

        assertThat(figures.unanswered()).isOne();
        assertThat(figures.lateness().p50()).isEqualTo(Quantiles.NEVER);
        assertThat(figures.besideTheMeter().max()).isEqualTo(Quantiles.NEVER);
        assertThat(figures.lateness().less(Quantiles.of(new long[] {5})).max()).isEqualTo(Quantiles.NEVER);
    }

    @Test
    void takesAwayOnlyWhatTheMeterWasOverdueInTheSameTime() {
        assertThat(oneCall(230, 10, 20, 150, 55, 210, 5, 228, 100)
                        .besideTheMeter()
                        .max())
                .as("5 of the beat at 150, 5 of the one at 210, 2 of the one at 228")
                .isEqualTo(30 - 5 - 5 - 2);
        assertThat(oneCall(230, 10, 190).besideTheMeter().max()).isEqualTo(30);
        assertThat(oneCall(190, 180, 100).besideTheMeter().max()).isEqualTo(-10);
    }

    @Test
    void theMeterIsLateAtEachMillisecondOfAPause() {
        Figures figures = oneCall(230, 0, 300_000, 1_300_000, 3_500_000, 5_800_000, 200_000);

        assertThat(figures.meter())
                .isEqualTo(Quantiles.of(new long[] {200_000, 300_000, 1_500_000, 2_500_000, 3_500_000}));
        assertThat(figures.wakes()).isEqualTo(Quantiles.of(new long[] {200_000, 300_000, 3_500_000}));
    }

    @Test
    void quantilesAreOfTheNearestRank() {
        Quantiles of = Quantiles.of(LongStream.rangeClosed(1, 10_000).toArray());

        assertThat(of).isEqualTo(new Quantiles(5_000, 9_900, 9_990, 9_999, 10_000));
    }

    @Test
    void aCallIsOpenUntilItWasSeenForTheLastTime() {
        Seen seen = new Seen(3);
        seen.begun(0);
        seen.at(1, 100);

        assertThat(seen.isOpenAt(0, System.nanoTime() - 1_000)).isTrue();
        assertThat(seen.isOpenAt(1, 99)).isTrue();
        assertThat(seen.isOpenAt(1, 100)).isFalse();
        assertThat(seen.isOpenAt(2, 0)).isFalse();
        assertThat(seen.open()).isOne();
        seen.ended(0);
        assertThat(seen.open()).isZero();
    }
}
