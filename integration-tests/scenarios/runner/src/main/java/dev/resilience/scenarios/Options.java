package dev.resilience.scenarios;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;

/**
 * How to measure, as system properties say it.
 *
 * @param quick one short round, to see whether it works: its report keeps runs that do not count, and says so
 * @param repeats of one run that did not count, at most
 * @param budget after which no run is repeated
 */
record Options(
        boolean quick,
        int rounds,
        Timing timing,
        List<Scenario> scenarios,
        List<Build> builds,
        int repeats,
        Duration budget,
        Jdk jdk,
        Path agent,
        Path service,
        Path directory,
        Path report) {

    private static final long WARM_UP = Duration.ofSeconds(4).toNanos();
    private static final String PREFIX = "scenarios.";

    static Options from(Properties properties) throws IOException {
        Given given = new Given(properties, PREFIX);
        boolean quick = given.isTrue("quick");
        String[] fault = given.of("fault", quick ? "3s-7s" : "4s-14s").split("-", 2);
        Path directory = Files.createDirectories(Path.of(given.required("directory")));
        Path report = quick
                ? directory.resolve("report.md")
                : Path.of(given.required("room")).resolve("report.md");
        return new Options(
                quick,
                given.number("rounds", quick ? 1 : 5),
                new Timing(WARM_UP, nanos(fault[0]), nanos(fault[1]), nanos(given.of("length", quick ? "12s" : "24s"))),
                given.chosen("only", Scenario.values()),
                given.chosen("builds", Build.values()),
                given.number("repeats", quick ? 0 : 2),
                Duration.ofNanos(nanos(given.of("budget", "1600s"))),
                jdk(given.of("jdk", "")),
                Path.of(given.required("agent")).normalize(),
                Path.of(given.required("service")).normalize(),
                directory,
                Path.of(given.of("report", report.toString())).normalize());
    }

    /** What was given on the command line, to be given again. */
    static String given(Properties properties) {
        return new Given(properties, PREFIX)
                .text(List.of("budget", "builds", "fault", "length", "only", "quick", "repeats", "rounds"));
    }

    private static long nanos(String duration) {
        return Duration.parse("PT" + duration).toNanos();
    }

    /** The named one, or the newest beside the one that runs this. */
    private static Jdk jdk(String named) throws IOException {
        if (!named.isEmpty()) {
            return new Jdk(Path.of(named));
        }
        List<Jdk> found = Jdk.found();
        return found.get(found.size() - 1);
    }
}
