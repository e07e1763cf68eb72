package dev.resilience.assembly;

import dev.resilience.instrumentation.api.ClientModule;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Turns a class path into the inside of the agent jar: classes as {@code inst/**.classdata}, which only the agent
 * loader reads, merged service files, and an index of what each client module refers to in its library.
 *
 * <p>Fails when an artifact is not listed in the third-party notice, so that nothing is shipped without its licence.
 */
public final class Assembly {
    private static final Pattern NOT_SHIPPED =
            Pattern.compile("(resilience-)?(assembly|jspecify|asm|asm-commons|asm-tree)([-.].*)?");
    private static final String DISPATCH = "java/lang/ResilienceDispatch.class";

    private final Path inside;
    private final Map<String, SortedSet<String>> services = new TreeMap<>();
    private final Map<String, byte[]> classes = new TreeMap<>();

    private Assembly(Path inside) {
        this.inside = inside;
    }

    /** Takes the directory the jar is made from, and the third-party notice. */
    public static void main(String[] arguments) throws IOException {
        Path output = Path.of(arguments[0]);
        String notice = Files.readString(Path.of(arguments[1]));
        Assembly assembly = new Assembly(output.resolve("inst"));
        deleteAll(assembly.inside);
        List<String> unlisted = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            String artifact = artifactOf(path);
            if (path.equals(output) || NOT_SHIPPED.matcher(artifact).matches()) {
                continue;
            }
            if (!artifact.startsWith("resilience-") && !notice.contains(artifact)) {
                unlisted.add(artifact);
            }
            Contents.of(path).forEach(assembly::add);
        }
        if (!unlisted.isEmpty()) {
            throw new IllegalStateException("not listed in " + arguments[1] + ": " + unlisted);
        }
        assembly.writeServices();
        assembly.writeReferences();
    }

    /** The artifact's id: from a jar's file name without its version, or from the directory of a module. */
    private static String artifactOf(Path path) {
        String name = path.getFileName().toString();
        if (name.endsWith(".jar")) {
            return name.replaceFirst("-\\d.*$", "");
        }
        return "resilience-" + path.getName(path.getNameCount() - 3);
    }

    private void add(String name, byte[] content) {
        try {
            if (name.equals(DISPATCH)) {
                write("boot/ResilienceDispatch.bin", content);
            } else if (name.startsWith("META-INF/services/")) {
                services.computeIfAbsent(name, key -> new TreeSet<>())
                        .addAll(new String(content, StandardCharsets.UTF_8)
                                .lines()
                                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                                .toList());
            } else if (name.startsWith("META-INF/") || name.equals("module-info.class")) {
                return; // manifests, signatures and build files of others; licences stand in our own notice
            } else if (name.endsWith(".class")) {
                classes.put(name, content);
                write(name + "data", content);
            } else {
                write(name, content);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void writeServices() throws IOException {
        for (Map.Entry<String, SortedSet<String>> service : services.entrySet()) {
            write(service.getKey(), String.join("\n", service.getValue()).getBytes(StandardCharsets.UTF_8));
        }
    }

    private void writeReferences() throws IOException {
        for (ClientModule module : ServiceLoader.load(ClientModule.class)) {
            References references = new References(module.optionalPackages());
            String prefix = module.adapterPackage().replace('.', '/') + "/";
            classes.forEach((name, file) -> {
                if (name.startsWith(prefix)) {
                    references.collect(file);
                }
            });
            write(
                    "references/" + module.name() + ".txt",
                    String.join("\n", references.lines()).getBytes(StandardCharsets.UTF_8));
        }
    }

    private void write(String name, byte[] content) throws IOException {
        Path file = inside.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    private static void deleteAll(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (var files = Files.walk(directory)) {
                for (Path file :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
