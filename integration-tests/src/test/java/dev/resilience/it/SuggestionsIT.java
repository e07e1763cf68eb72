package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the agent suggests for the calls it has seen: nothing after some seconds, and says what is missing.
 *
 * <p>{@code -Dsuggestions.seconds=900} to wait so long for enough; then an agent that is given the text understands it.
 */
@Tag("unhurried")
class SuggestionsIT {
    private static final int SECONDS = Integer.getInteger("suggestions.seconds", 25);
    private static final int ENOUGH = 330;
    private static final String MISSING = "not enough seen yet, missing: ";

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void areMadeOfWhatWasSeen(Path jdk) throws Exception {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = steady(Jvm.with(jdk).agent(), server)) {
            Commands commands = new Commands(program);
            TimeUnit.SECONDS.sleep(Math.min(SECONDS, ENOUGH));
            for (int left = SECONDS - ENOUGH;
                    left > 0 && suggested(commands, "AGGRESSIVE").contains(MISSING);
                    left--) {
                TimeUnit.SECONDS.sleep(1);
            }
            for (String mood : new String[] {"CONSERVATIVE", "AGGRESSIVE"}) {
                String yaml = suggested(commands, mood);
                System.out.println("SuggestionsIT:\n" + yaml);
                if (SECONDS < ENOUGH) {
                    assertThat(yaml)
                            .containsPattern("# defaults: " + MISSING + ".*0s of 300s with calls")
                            .doesNotContainPattern(": 0 of .*aside: 0s .*, 0s .*, 0s ");
                } else {
                    assertUnderstood(jdk, server, yaml);
                }
            }
        }
    }

    private static String suggested(Commands commands, String mood) {
        return commands.run("suggest " + mood).replaceFirst("[0-9]+: ", "").replace('|', '\n');
    }

    private void assertUnderstood(Path jdk, RawHttpServer server, String yaml) throws IOException {
        assertThat(yaml).contains("\n  deadline: ", "\n    concurrency: ", "\n    failure-rate: ");
        Path file = Files.writeString(directory.resolve("suggested.yaml"), yaml);
        Jvm.Setup setup = Jvm.with(jdk).agent("config=" + file, "mode=enforce");
        try (Jvm program = steady(setup, server)) {
            assertThat(new Commands(program).run("counts")).startsWith("1: ");
            assertThat(program.errors()).noneMatch(line -> line.startsWith("resilience: "));
        }
    }

    private static Jvm steady(Jvm.Setup setup, RawHttpServer server) {
        Jvm program = setup.start("dev.resilience.apps.Steady", server.url("/slow/5"));
        program.awaitLine("ready");
        return program;
    }
}
