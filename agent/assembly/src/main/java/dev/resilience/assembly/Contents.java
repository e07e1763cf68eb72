package dev.resilience.assembly;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The files of one entry of a class path, by name, in order. */
final class Contents {
    private final Map<String, byte[]> files = new TreeMap<>();

    private Contents() {}

    static Contents of(Path path) throws IOException {
        Contents contents = new Contents();
        if (Files.isDirectory(path)) {
            try (var found = Files.walk(path)) {
                for (Path file : found.filter(Files::isRegularFile).toList()) {
                    contents.files.put(path.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
                }
            }
        } else if (Files.exists(path)) {
            try (ZipFile jar = new ZipFile(path.toFile())) {
                List<? extends ZipEntry> entries =
                        jar.stream().filter(entry -> !entry.isDirectory()).toList();
                for (ZipEntry entry : entries) {
                    contents.files.put(
                            entry.getName(), jar.getInputStream(entry).readAllBytes());
                }
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }
        return contents;
    }

    void forEach(BiConsumer<String, byte[]> action) {
        files.forEach(action);
    }
}
