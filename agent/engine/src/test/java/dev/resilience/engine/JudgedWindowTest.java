package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.spi.Interval;
import dev.resilience.spi.Judge;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JudgedWindowTest {
    private static final long PULSE = 100_000_000;
    private static final long MILLI = 1_000_000;

    private final List<Noting> judges = new ArrayList<>();
    private long now = -50 * MILLI;
    private final Window window = Window.of(new Strategy.Foreign("noting", Map.of(), this::judge), 7, now);

    private Judge judge() {
        Noting judge = new Noting();
        judges.add(judge);
        return judge;
    }

    /** Writes down what it is shown, and says what it is told to. */
    private static final class Noting implements Judge {
        final List<String> shown = new ArrayList<>();
        boolean trips;
        boolean quiet;

        @Override
        public boolean trips(Interval interval) {
            shown.add(interval.successes() + "+" + interval.failures() + " in " + interval.nanos() / MILLI + "ms, P50="
                    + interval.latencyNanos(0.5) / MILLI + "ms");
            return trips;
        }

        @Override
        public String counts() {
            return "shown " + shown.size();
        }

        @Override
        public boolean isQuiet() {
            return quiet;
        }
    }

    private void pulse() {
        now += PULSE;
        window.moveOn(now);
    }

    @Test
    void showsItsJudgeWhatEndedSinceItWasLastAsked() {
        window.succeeded(10 * MILLI);
        window.succeeded(20 * MILLI);
        window.failed(300 * MILLI);
        pulse();
        window.failed(50 * MILLI);
        pulse();
        pulse();
        now -= 2 * PULSE;
        pulse();
        assertThat(judges.get(0).shown)
                .containsExactly(
                        "2+1 in 100ms, P50=19ms",
                        "0+1 in 100ms, P50=48ms",
                        "0+0 in 100ms, P50=0ms",
                        "0+0 in 0ms, P50=0ms");
    }

    @Test
    void isBreachedAsLongAsItsJudgeSaysSo() {
        assertThat(window.isBreached()).isFalse();
        judges.get(0).trips = true;
        pulse();
        assertThat(window.isBreached()).isTrue();
        judges.get(0).trips = false;
        pulse();
        assertThat(window.isBreached()).isFalse();
    }

    @Test
    void saysWhatItsJudgeSaidWhenThereWasSomethingNew() {
        assertThat(window.counts()).isEqualTo("no call ended");
        pulse();
        assertThat(window.counts()).isEqualTo("no call ended");
        window.succeeded(MILLI);
        pulse();
        pulse();
        assertThat(window.counts()).isEqualTo("shown 2");
        judges.get(0).trips = true;
        pulse();
        assertThat(window.counts()).isEqualTo("shown 4");
    }

    @Test
    void isEmptyWhenItsJudgeIsQuietAndHasSeenAll() {
        assertThat(window.isEmpty()).isTrue();
        window.succeeded(MILLI);
        assertThat(window.isEmpty()).isFalse();
        pulse();
        assertThat(window.isEmpty()).as("a judge that is not quiet").isFalse();

        judges.get(0).quiet = true;
        pulse();
        assertThat(window.isEmpty()).isTrue();
        judges.get(0).trips = true;
        pulse();
        assertThat(window.isEmpty()).as("a judge that trips").isFalse();
    }

    @Test
    void theNextGenerationHasAJudgeOfItsOwn() {
        Window next = window.next(9, now);
        assertThat(next.generation()).isEqualTo(9);
        next.moveOn(now);
        assertThat(judges).extracting(judge -> judge.shown.size()).containsExactly(0, 1);
    }
}
