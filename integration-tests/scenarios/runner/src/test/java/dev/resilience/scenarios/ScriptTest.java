package dev.resilience.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.scenarios.Script.Mode;
import dev.resilience.scenarios.Script.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScriptTest {
    @Test
    void readsATimeAModeAndAFactorFromEachLine(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("script"), """
                # seconds, mode, factor
                5, slow, 4

                7.5, errors, 0.3   # a share
                15,OK,1
                """);
        assertThat(Script.read(file).steps())
                .containsExactly(
                        new Step(5_000_000_000L, Mode.SLOW, 4),
                        new Step(7_500_000_000L, Mode.ERRORS, 0.3),
                        new Step(15_000_000_000L, Mode.OK, 1));
    }

    @Test
    void aStepHoldsFromItsTimeUntilTheNext() {
        Script script = new Script(List.of(new Step(10, Mode.SLOW, 4), new Step(20, Mode.HANG, 1)));
        assertThat(script.at(9).mode()).isEqualTo(Mode.OK);
        assertThat(script.slowness(9)).isEqualTo(1);
        assertThat(script.slowness(10)).isEqualTo(4);
        assertThat(script.slowness(19)).isEqualTo(4);
        assertThat(script.at(20).mode()).isEqualTo(Mode.HANG);
        assertThat(script.slowness(20)).isEqualTo(1);
    }

    @Test
    void ofEveryScenarioBeginsAndEndsTheFaultOnTime(@TempDir Path directory) throws IOException {
        Timing timing = new Timing(
                1,
                Duration.ofSeconds(4).toNanos(),
                Duration.ofSeconds(14).toNanos(),
                Duration.ofSeconds(24).toNanos());
        for (Scenario scenario : Scenario.values()) {
            Script script = Script.read(Files.writeString(directory.resolve(scenario.name()), scenario.script(timing)));
            assertThat(script.at(timing.faultFrom() - 1).mode()).isEqualTo(Mode.OK);
            assertThat(script.at(timing.faultFrom()).mode()).isNotEqualTo(Mode.OK);
            assertThat(script.at(timing.faultTo() - 1).mode()).isNotEqualTo(Mode.OK);
            assertThat(script.at(timing.faultTo()).mode()).isEqualTo(Mode.OK);
        }
    }
}
