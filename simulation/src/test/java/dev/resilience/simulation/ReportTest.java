package dev.resilience.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The checked-in report says what the code does now; made anew with {@code -Psimulation -Dsimulation.write=.*}. */
class ReportTest {
    private static final Path FILE = Path.of(System.getProperty("simulation.report", "report.md"));
    private static final String TABLES = "<!-- what follows is written by the code -->\n";
    private static final Pattern FIGURE = Pattern.compile("\\d+(\\.\\d+)?");

    private final Report report = new Report();

    static Stream<Arguments> quick() {
        return Stream.concat(
                Stream.of(Setting.SMALL, Setting.TINY)
                        .flatMap(setting -> Scenario.ALL.stream().map(scenario -> Arguments.of(setting, scenario))),
                Stream.of(Scenario.BROWNOUT, Scenario.PATIENT_HANG)
                        .map(scenario -> Arguments.of(Setting.MEDIUM, scenario)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("quick")
    @DisabledIfSystemProperty(named = "simulation.write", matches = ".+")
    void saysWhatHappens(Setting setting, Scenario scenario) throws IOException {
        compare(Report.heading(setting, scenario), report.table(setting, scenario));
    }

    @Test
    @DisabledIfSystemProperty(named = "simulation.write", matches = ".+")
    void saysWhatRetriesDo() throws IOException {
        compare(
                Report.retriesHeading(Setting.TINY, Scenario.RETRY_STORM),
                report.retries(Setting.TINY, Scenario.RETRY_STORM));
    }

    private static void compare(String heading, String table) throws IOException {
        String text = Files.readString(FILE);
        int begin = text.indexOf(heading + "\n");
        assertThat(begin).as(heading).isNotNegative();
        int end = text.indexOf("\n#", begin);

        assertSame(text.substring(begin, end < 0 ? text.length() : end), table);
    }

    /** Plays it all; or, when it writes, the policies that {@code simulation.write} is the pattern of. */
    @Test
    @EnabledIfSystemProperty(named = "simulation.grid", matches = "true")
    void saysWhatHappensInTheWholeGrid() throws IOException {
        String text = Files.readString(FILE);
        String head = text.substring(0, text.indexOf(TABLES) + TABLES.length());
        String again = System.getProperty("simulation.write", "");
        if (again.isEmpty()) {
            assertSame(text.substring(head.length()), new Report().tables());
        } else {
            Report report = new Report(text, Pattern.compile(again).asMatchPredicate());
            Files.writeString(FILE, head + "\n" + report.tables().stripTrailing() + "\n");
        }
    }

    /** Figures may differ by 5 %, or by one in the last place; all else is the same. */
    private static void assertSame(String written, String now) {
        List<String> writtenLines = written.strip().lines().toList();
        List<String> lines = now.strip().lines().toList();
        assertThat(lines).hasSameSizeAs(writtenLines);
        for (int i = 0; i < lines.size(); i++) {
            assertThat(words(lines.get(i))).isEqualTo(words(writtenLines.get(i)));
            List<Double> expected = figures(writtenLines.get(i));
            List<Double> actual = figures(lines.get(i));
            for (int j = 0; j < actual.size(); j++) {
                assertThat(actual.get(j))
                        .as("%s%nis now%n%s", writtenLines.get(i), lines.get(i))
                        .isCloseTo(expected.get(j), within(0.05 * expected.get(j) + 1));
            }
        }
    }

    private static String words(String line) {
        return FIGURE.matcher(line)
                .replaceAll("0")
                .replaceAll(" \\(0 to 0\\)", "")
                .strip();
    }

    /** Of each cell the first, as two seeds that agree have no range. */
    private static List<Double> figures(String line) {
        List<Double> figures = new ArrayList<>();
        for (String cell : line.split("\\|", -1)) {
            FIGURE.matcher(cell)
                    .results()
                    .map(MatchResult::group)
                    .findFirst()
                    .map(Double::valueOf)
                    .ifPresent(figures::add);
        }
        return figures;
    }
}
