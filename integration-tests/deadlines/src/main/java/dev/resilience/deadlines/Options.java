package dev.resilience.deadlines;

import dev.resilience.scenarios.Given;
import dev.resilience.scenarios.Jdk;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/**
 * How to measure, as system properties say it.
 *
 * @param quick to see whether it works
 * @param calls of HTTP and of gRPC each
 * @param statements of each kind
 * @param warmUp before the calls that count, at the same rate
 */
record Options(
        boolean quick,
        int calls,
        int statements,
        Duration warmUp,
        List<Kind> kinds,
        List<Build> builds,
        List<Jdk> jdks,
        Path agent,
        Path directory,
        Path report) {

    static final Duration DEADLINE = Duration.ofMillis(200);

    private static final String PREFIX = "deadlines.";

    static Options from(Properties properties) throws IOException {
        Given given = new Given(properties, PREFIX);
        boolean quick = given.isTrue("quick");
        Path directory = Files.createDirectories(Path.of(given.required("directory")));
        Path report = quick
                ? directory.resolve("report.md")
                : Path.of(given.required("room")).resolve("report.md");
        return new Options(
                quick,
                given.number("calls", quick ? 1_500 : 100_000),
                given.number("statements", quick ? 150 : 5_000),
                Duration.ofSeconds(quick ? 2 : 10),
                given.chosen("only", Kind.values()),
                given.chosen("builds", Build.values()),
                jdks(given.of("jdks", "")),
                Path.of(given.required("agent")).normalize(),
                directory,
                Path.of(given.of("report", report.toString())).normalize());
    }

    /** What was given on the command line, to be given again. */
    static String given(Properties properties) {
        return new Given(properties, PREFIX).text(List.of("quick", "only", "builds", "calls", "statements"));
    }

    int callsOf(Kind kind) {
        return kind.isStatement() ? statements : calls;
    }

    int warmUpOf(Kind kind) {
        return (int) warmUp.toSeconds() * kind.perSecond();
    }

    /** The named ones, or those that are found. */
    private static List<Jdk> jdks(String named) throws IOException {
        return named.isEmpty()
                ? Jdk.found()
                : Jdk.oneOfEach(
                        Arrays.stream(named.split(File.pathSeparator, -1)).map(Path::of));
    }
}
