package dev.resilience.deadlines;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

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

    /** One of the JDKs that the calling program runs on. */
    record Jdk(Path home, String version) {
        private int release() {
            return Integer.parseInt(version.replaceFirst("[^0-9].*", ""));
        }

        String java() {
            return home.resolve("bin").resolve("java").toString();
        }
    }

    static Options from(Properties properties) throws IOException {
        boolean quick = Boolean.parseBoolean(properties.getProperty(PREFIX + "quick"));
        Path directory = Files.createDirectories(Path.of(required(properties, "directory")));
        Path report = quick
                ? directory.resolve("report.md")
                : Path.of(required(properties, "room")).resolve("report.md");
        return new Options(
                quick,
                Integer.parseInt(of(properties, "calls", quick ? "1500" : "100000")),
                Integer.parseInt(of(properties, "statements", quick ? "150" : "5000")),
                Duration.ofSeconds(quick ? 2 : 10),
                chosen(Kind.values(), of(properties, "only", "")),
                chosen(Build.values(), of(properties, "builds", "")),
                jdks(of(properties, "jdks", "")),
                Path.of(required(properties, "agent")).normalize(),
                directory,
                Path.of(of(properties, "report", report.toString())).normalize());
    }

    /** What was given on the command line, to be given again. */
    static String given(Properties properties) {
        StringBuilder text = new StringBuilder();
        for (String key : List.of("quick", "only", "builds", "calls", "statements")) {
            String value = of(properties, key, "");
            if (!value.isEmpty() && !value.equals("false")) {
                text.append(" -D").append(PREFIX).append(key).append('=').append(value);
            }
        }
        return text.toString();
    }

    int callsOf(Kind kind) {
        return kind.isStatement() ? statements : calls;
    }

    int warmUpOf(Kind kind) {
        return (int) warmUp.toSeconds() * kind.perSecond();
    }

    private static <T extends Enum<T>> List<T> chosen(T[] all, String names) {
        List<String> wanted = Arrays.asList(names.toUpperCase(Locale.ROOT).split(",", -1));
        return Arrays.stream(all)
                .filter(one -> names.isEmpty() || wanted.contains(one.name()))
                .toList();
    }

    /** The named ones, or the one that runs this and, of each other release from 17 on, one beside it. */
    private static List<Jdk> jdks(String named) throws IOException {
        List<Path> homes = new ArrayList<>();
        if (named.isEmpty()) {
            Path own = Path.of(System.getProperty("java.home")).toAbsolutePath();
            homes.add(own);
            try (Stream<Path> around = Files.list(own.resolve(".."))) {
                around.map(Path::normalize).sorted().forEach(homes::add);
            }
        } else {
            for (String home : named.split(java.io.File.pathSeparator, -1)) {
                homes.add(Path.of(home));
            }
        }
        TreeMap<Integer, Jdk> found = new TreeMap<>();
        for (Path home : homes) {
            Jdk jdk = new Jdk(home, versionOf(home));
            if (jdk.release() >= 17 && Files.isExecutable(home.resolve("bin/java"))) {
                found.putIfAbsent(jdk.release(), jdk);
            }
        }
        return List.copyOf(found.values());
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
                    "-D" + PREFIX + key + " is missing: this is started by its Maven profile");
        }
        return value;
    }
}
