package dev.resilience.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutcomesTest {
    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1_000 * MILLI;

    private final List<Outcome> all = new ArrayList<>();

    @Test
    void goodIsAnAnswerWithin500Ms() {
        add('a', 0, 200, 500);
        add('a', 0, 200, 501);
        add('a', 0, 502, 1);
        add('a', 0, Outcome.BROKEN, 1);
        add('a', 0, Outcome.OPEN, 400);
        add('b', 0, 200, 1);
        Outcomes outcomes = new Outcomes(all);
        assertThat(outcomes.goodput('a', 0, SECOND)).isEqualTo(1);
        assertThat(outcomes.share('a', 0, SECOND)).isEqualTo(0.2);
        assertThat(outcomes.errors('a', 0, SECOND)).isEqualTo(2);
        assertThat(outcomes.open('a', 0, SECOND)).isEqualTo(1);
    }

    @Test
    void countsARequestWhenItWasMeantToBeSent() {
        add('a', 999, 200, 400);
        add('a', 1000, 200, 400);
        assertThat(new Outcomes(all).goodput('a', 0, SECOND)).isEqualTo(1);
    }

    @Test
    void quantilesAreOfErrorsAndOpenRequestsToo() {
        for (int millis = 1; millis <= 98; millis++) {
            add('a', 0, 200, millis);
        }
        add('a', 0, 502, 1_000);
        add('a', 0, Outcome.OPEN, 20_000);
        Outcomes outcomes = new Outcomes(all);
        assertThat(outcomes.millis('a', 0, SECOND, 0.5)).isEqualTo(50);
        assertThat(outcomes.millis('a', 0, SECOND, 0.99)).isEqualTo(1_000);
        assertThat(outcomes.millis('a', 0, SECOND, 0.999)).isEqualTo(20_000);
    }

    @Test
    void lagIsOfTheGeneratorAfterTheWarmUp() {
        all.add(new Outcome('a', -1, 900 * MILLI, 200, 1));
        all.add(new Outcome('a', 1, 2 * MILLI, 200, 1));
        assertThat(new Outcomes(all).lagMillis()).isEqualTo(2);
    }

    @Test
    void isBackWhenTwoSecondsInARowAreWell() {
        fill(0, 1_500, 502);
        fill(1_500, 6_000, 200);
        assertThat(new Outcomes(all).recovery('a', 0, 6 * SECOND)).isEqualTo(1.5);
    }

    @Test
    void isNotBackInASecondOfLuck() {
        fill(0, 1_000, 200);
        fill(1_000, 3_000, 502);
        fill(3_000, 6_000, 200);
        assertThat(new Outcomes(all).recovery('a', 0, 6 * SECOND)).isEqualTo(3);
        assertThat(new Outcomes(all).recovery('a', 0, 4 * SECOND)).isInfinite();
    }

    @Test
    void anOutcomeSurvivesItsFile() {
        Outcome outcome = new Outcome('b', -5, 7, Outcome.OPEN, 12);
        assertThat(Outcome.parse(outcome.text())).isEqualTo(outcome);
    }

    private void fill(int fromMillis, int toMillis, int status) {
        for (int at = fromMillis; at < toMillis; at += 10) {
            add('a', at, status, 5);
        }
    }

    private void add(char page, long atMillis, int status, long millis) {
        all.add(new Outcome(page, atMillis * MILLI, 0, status, millis * MILLI));
    }
}
