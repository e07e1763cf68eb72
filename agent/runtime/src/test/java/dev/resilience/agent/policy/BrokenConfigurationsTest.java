package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each file of {@code broken/} beside what {@code broken/expected.txt} says of it. */
class BrokenConfigurationsTest {
    private static final String PROPERTY = "# property: ";
    private static final String VARIABLE = "# variable: ";
    private static final String FILE = "# file: ";

    @ParameterizedTest
    @MethodSource("files")
    void saysWhatIsWrongAndObserves(Path file) throws Exception {
        Map<String, String> properties = new HashMap<>();
        Map<String, String> environment = new HashMap<>();
        Path read = file;
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(PROPERTY)) {
                put(properties, line.substring(PROPERTY.length()));
            } else if (line.startsWith(VARIABLE)) {
                put(environment, line.substring(VARIABLE.length()));
            } else if (line.startsWith(FILE)) {
                read = file.resolveSibling(line.substring(FILE.length()));
            }
        }

        Loaded loaded = PolicyLoader.load(properties, environment, read);

        assertThat(said(loaded)).isEqualTo(expected().get(String.valueOf(file.getFileName())));
    }

    @Test
    void coversEveryKeyThatCanBeWrong() throws Exception {
        String all = String.join("\n", Files.readAllLines(directory().resolve("expected.txt")));

        assertThat(expected()).hasSizeGreaterThan(125).hasSize((int) files().count());
        for (String key : Keys.POLICY) {
            if (!key.equals("match.pool") && !key.equals("match.authority") && !key.equals("match.service")) {
                assertThat(all).contains("." + key);
            }
        }
    }

    private static List<String> said(Loaded loaded) throws Exception {
        List<String> lines = new ArrayList<>();
        loaded.problems().forEach(problem -> lines.add(problem.toString()));
        lines.replaceAll(line -> line.replace(directory().toString(), "DIR"));
        StringBuilder modes = new StringBuilder("=> usable=" + loaded.usable());
        modes.append(" default=").append(loaded.policies().defaults().mode());
        for (Policy policy : loaded.policies().policies()) {
            modes.append(' ').append(policy.name()).append('=').append(policy.mode());
        }
        lines.add(modes.toString());
        return lines;
    }

    private static void put(Map<String, String> map, String pair) {
        int equals = pair.indexOf('=');
        map.put(pair.substring(0, equals), pair.substring(equals + 1));
    }

    private static Map<String, List<String>> expected() throws IOException {
        Map<String, List<String>> expected = new LinkedHashMap<>();
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(directory().resolve("expected.txt"))) {
            if (line.startsWith("== ")) {
                lines = new ArrayList<>();
                expected.put(line.substring(3), lines);
            } else {
                lines.add(line);
            }
        }
        return expected;
    }

    static Stream<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory())) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
        }
    }

    private static Path directory() {
        URL expected = Objects.requireNonNull(BrokenConfigurationsTest.class.getResource("/broken/expected.txt"));
        try {
            return Objects.requireNonNull(Path.of(expected.toURI()).getParent());
        } catch (URISyntaxException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
