package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** With each of the broken configurations a real program starts, works and ends, and the agent says what is wrong. */
@Tag("unhurried")
class BrokenConfigurationsIT {
    private static final Path CORPUS =
            Path.of(System.getProperty("resilience.broken")).toAbsolutePath().normalize();

    /** All of them on one JDK, every tenth on the others. */
    static Stream<Arguments> settings() throws IOException {
        List<Path> files = files();
        List<Arguments> settings = new ArrayList<>();
        for (Path jdk : Jdks.all()) {
            boolean all = jdk.equals(Jdks.all().get(0));
            for (int i = 0; i < files.size(); i += all ? 1 : 10) {
                settings.add(Arguments.of(Jdks.releaseOf(jdk), files.get(i).getFileName(), jdk));
            }
        }
        return settings.stream();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void aBrokenConfigurationIsToldAndChangesNothing(int release, Path name, Path jdk) throws IOException {
        Path file = CORPUS.resolve(name);
        Path read = file;
        Jvm.Setup setup = Jvm.with(jdk).noLibraries();
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith("# property: ")) {
                setup.option("-D" + line.substring(12));
            } else if (line.startsWith("# variable: ")) {
                String[] pair = line.substring(12).split("=", 2);
                setup.variable(pair[0], pair[1]);
            } else if (line.startsWith("# file: ")) {
                read = file.resolveSibling(line.substring(8));
            }
        }
        try (Jvm program = setup.agent("config=" + read).start("dev.resilience.apps.Hello")) {
            assertThat(program.finish()).isZero();
            assertThat(program.output()).containsExactly("Hello, world");
            assertThat(program.errors()).containsExactlyElementsOf(expected().get(name.toString()));
        }
    }

    @Test
    void theCorpusIsLargeEnough() throws IOException {
        assertThat(files())
                .hasSizeGreaterThanOrEqualTo(60)
                .hasSameSizeAs(expected().keySet());
    }

    /** The lines on stderr, as {@code expected.txt} has them: without those that say what became of the policies. */
    private static Map<String, List<String>> expected() throws IOException {
        Map<String, List<String>> expected = new HashMap<>();
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(CORPUS.resolve("expected.txt"))) {
            if (line.startsWith("== ")) {
                lines = new ArrayList<>();
                expected.put(line.substring(3), lines);
            } else if (!line.startsWith("=> ")) {
                lines.add("resilience: " + line.replace("DIR", CORPUS.toString()));
            }
        }
        return expected;
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(CORPUS)) {
            return files.filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        }
    }
}
