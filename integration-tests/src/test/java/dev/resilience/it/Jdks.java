package dev.resilience.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The JDKs on this machine: the one that runs the tests and, beside it, one of each further feature release from 17 on.
 * {@code -Dresilience.jdks=HOME:HOME} names them instead.
 */
final class Jdks {
    private static final Map<Integer, Path> FOUND = find();

    /** One JDK of each release, oldest first. */
    static List<Path> all() {
        return List.copyOf(FOUND.values());
    }

    static int releaseOf(Path home) {
        return releaseIn(home);
    }

    private static Map<Integer, Path> find() {
        Map<Integer, Path> found = new TreeMap<>();
        String named = System.getProperty("resilience.jdks", "");
        Path own = Path.of(System.getProperty("java.home"));
        List<Path> candidates = new ArrayList<>();
        if (!named.isEmpty()) {
            for (String home : named.split(java.io.File.pathSeparator, -1)) {
                candidates.add(Path.of(home));
            }
        } else {
            candidates.add(own);
            Path around = own.toAbsolutePath().getParent();
            if (around != null) {
                try (Stream<Path> homes = Files.list(around)) {
                    homes.sorted().forEach(candidates::add);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        for (Path home : candidates) {
            int release = releaseIn(home);
            if (release >= 17 && Files.isExecutable(home.resolve("bin/javac"))) {
                found.putIfAbsent(release, home);
            }
        }
        return found;
    }

    private static int releaseIn(Path home) {
        Path file = home.resolve("release");
        if (!Files.isReadable(file)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith("JAVA_VERSION="))
                    .map(line -> line.replaceAll("[^0-9.]", "").replaceAll("\\..*", ""))
                    .mapToInt(Integer::parseInt)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Jdks() {}
}
