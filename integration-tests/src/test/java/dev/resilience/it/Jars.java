package dev.resilience.it;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Jars packed anew, with other contents. */
final class Jars {
    static final BiFunction<String, byte[], byte @Nullable []> ALL = (name, content) -> content;

    /** Copies a jar; {@code filter} takes each entry's name and content and gives its new content, or null for none. */
    static void copy(
            Path from, Path to, Consumer<Attributes> manifest, BiFunction<String, byte[], byte @Nullable []> filter)
            throws IOException {
        try (JarOutputStream target = open(from, to, manifest)) {
            copy(from, target, filter);
        }
    }

    /** Copies a jar and adds the files of a directory, as for an application in one jar. */
    static void copyWith(Path from, Path to, Path directory) throws IOException {
        try (JarOutputStream target = open(from, to, manifest -> {});
                Stream<Path> files = Files.walk(directory)) {
            copy(from, target, ALL);
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                target.putNextEntry(new JarEntry(directory.relativize(file).toString()));
                target.write(Files.readAllBytes(file));
            }
        }
    }

    private static JarOutputStream open(Path from, Path to, Consumer<Attributes> change) throws IOException {
        Manifest manifest = new Manifest();
        try (JarFile source = new JarFile(from.toFile())) {
            Manifest original = source.getManifest();
            if (original != null) {
                manifest = original;
            }
        }
        change.accept(manifest.getMainAttributes());
        OutputStream file = Files.newOutputStream(to);
        return new JarOutputStream(file, manifest);
    }

    private static void copy(Path from, JarOutputStream target, BiFunction<String, byte[], byte @Nullable []> filter)
            throws IOException {
        try (JarFile source = new JarFile(from.toFile())) {
            List<JarEntry> entries = source.stream()
                    .filter(entry -> !entry.isDirectory() && !entry.getName().equals(JarFile.MANIFEST_NAME))
                    .toList();
            for (JarEntry entry : entries) {
                byte[] content = filter.apply(
                        entry.getName(), source.getInputStream(entry).readAllBytes());
                if (content != null) {
                    target.putNextEntry(new JarEntry(entry.getName()));
                    target.write(content);
                }
            }
        }
    }

    private Jars() {}
}
