package dev.resilience.scenarios;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A JDK, or what its directory may be. */
public record Jdk(Path home) {
    /** One of each release from 17 on, the oldest first: the one that runs this, and those beside it. */
    public static List<Jdk> found() throws IOException {
        Path own = Path.of(System.getProperty("java.home")).toAbsolutePath().normalize();
        try (Stream<Path> beside = Files.list(own.resolveSibling("."))) {
            return oneOfEach(
                    Stream.concat(Stream.of(own), beside.map(Path::normalize).sorted()));
        }
    }

    /** One of each release from 17 on, the oldest first. */
    public static List<Jdk> oneOfEach(Stream<Path> homes) {
        TreeMap<Integer, Jdk> found = new TreeMap<>();
        homes.map(Jdk::new)
                .filter(jdk -> jdk.release() >= 17 && Files.isExecutable(Path.of(jdk.java())))
                .forEach(jdk -> found.putIfAbsent(jdk.release(), jdk));
        return List.copyOf(found.values());
    }

    public String java() {
        return home.resolve("bin").resolve("java").toString();
    }

    /** As its own file says it; 0 if it is none. */
    public String version() {
        Properties release = new Properties();
        try (Reader reader = Files.newBufferedReader(home.resolve("release"))) {
            release.load(reader);
        } catch (IOException noJdk) {
            return "0";
        }
        return release.getProperty("JAVA_VERSION", "0").replace("\"", "");
    }

    private int release() {
        return Integer.parseInt(version().replaceFirst("[^0-9].*", ""));
    }
}
