package dev.resilience.scenarios;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

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
        Path jdk,
        Path agent,
        Path service,
        Path directory,
        Path report) {

    private static final long WARM_UP = Duration.ofSeconds(4).toNanos();
    private static final String PREFIX = "scenarios.";

    static Options from(Properties properties) throws IOException {
        boolean quick = Boolean.parseBoolean(properties.getProperty(PREFIX + "quick"));
        String[] fault = of(properties, "fault", quick ? "3s-7s" : "4s-14s").split("-", 2);
        Path directory = Files.createDirectories(Path.of(required(properties, "directory")));
        Path report = quick
                ? directory.resolve("report.md")
                : Path.of(required(properties, "room")).resolve("report.md");
        return new Options(
                quick,
                Integer.parseInt(of(properties, "rounds", quick ? "1" : "5")),
                new Timing(
                        WARM_UP,
                        nanos(fault[0]),
                        nanos(fault[1]),
                        nanos(of(properties, "length", quick ? "12s" : "24s"))),
                chosen(Scenario.values(), of(properties, "only", "")),
                chosen(Build.values(), of(properties, "builds", "")),
                Integer.parseInt(of(properties, "repeats", quick ? "0" : "2")),
                Duration.ofNanos(nanos(of(properties, "budget", "1600s"))),
                jdk(of(properties, "jdk", "")),
                Path.of(required(properties, "agent")).normalize(),
                Path.of(required(properties, "service")).normalize(),
                directory,
                Path.of(of(properties, "report", report.toString())).normalize());
    }

    /** What was given on the command line, to be given again. */
    static String given(Properties properties) {
        Map<String, String> given = new TreeMap<>();
        for (String key : List.of("quick", "rounds", "length", "fault", "only", "builds", "repeats", "budget")) {
            String value = of(properties, key, "");
            if (!value.isEmpty() && !value.equals("false")) {
                given.put(key, value);
            }
        }
        StringBuilder text = new StringBuilder();
        given.forEach((key, value) ->
                text.append(" -D").append(PREFIX).append(key).append('=').append(value));
        return text.toString();
    }

    String java() {
        return jdk.resolve("bin").resolve("java").toString();
    }

    /** As the JDK's own file says it. */
    String version() {
        return versionOf(jdk);
    }

    private static <T extends Enum<T>> List<T> chosen(T[] all, String names) {
        List<String> wanted = Arrays.asList(names.toUpperCase(Locale.ROOT).split(",", -1));
        return Arrays.stream(all)
                .filter(one -> names.isEmpty() || wanted.contains(one.name()))
                .toList();
    }

    private static long nanos(String duration) {
        return Duration.parse("PT" + duration).toNanos();
    }

    /** The named one, or the newest beside the one that runs this. */
    private static Path jdk(String named) throws IOException {
        if (!named.isEmpty()) {
            return Path.of(named);
        }
        Path newest = Path.of(System.getProperty("java.home"));
        Path around = newest.toAbsolutePath().getParent();
        if (around != null) {
            try (Stream<Path> homes = Files.list(around)) {
                for (Path home : homes.sorted().toList()) {
                    if (releaseOf(home) > releaseOf(newest) && Files.isExecutable(home.resolve("bin/java"))) {
                        newest = home;
                    }
                }
            }
        }
        return newest;
    }

    private static int releaseOf(Path home) {
        return Integer.parseInt(versionOf(home).replaceFirst("[^0-9].*", ""));
    }

    private static String versionOf(Path home) {
        Properties release = new Properties();
        try (Reader reader = Files.newBufferedReader(home.resolve("release"))) {
            release.load(reader);
        } catch (IOException noJdk) {
            return "0";
        }
        return release.getProperty("JAVA_VERSION", "0").replace("\"", "");
    }

    private static String of(Properties properties, String key, String otherwise) {
        String value = properties.getProperty(PREFIX + key, "");
        return value.isEmpty() ? otherwise : value;
    }

    private static String required(Properties properties, String key) {
        String value = of(properties, key, "");
        if (value.isEmpty()) {
            throw new IllegalArgumentException(
                    "-D" + PREFIX + key + " is missing: the scenarios are started by their Maven profile");
        }
        return value;
    }
}
