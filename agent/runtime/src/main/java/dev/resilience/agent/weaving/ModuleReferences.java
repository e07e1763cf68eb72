package dev.resilience.agent.weaving;

import dev.resilience.instrumentation.api.ClientModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Checks what a module's adapters refer to in their library, as the build has written it down, against the classes an
 * application really has, before the first weave.
 *
 * <p>An index has a line {@code owner} for a class and {@code owner name descriptor} for a member, all internal.
 */
final class ModuleReferences {
    private final ClassLoader agent;
    private final Map<ClassLoader, Map<String, List<String>>> checked =
            Collections.synchronizedMap(new WeakHashMap<>());

    ModuleReferences(ClassLoader agent) {
        this.agent = agent;
    }

    /** Where the index of a module lies in the agent. */
    static String indexOf(String module) {
        return "references/" + module + ".txt";
    }

    /** What {@code loader} lacks of the module's references, in a reader's words; empty when nothing. */
    List<String> missing(ClientModule module, ClassLoader loader) {
        Map<String, List<String>> ofLoader = checked.computeIfAbsent(loader, key -> new HashMap<>());
        synchronized (ofLoader) {
            return ofLoader.computeIfAbsent(module.name(), name -> check(name, new ClassFiles(loader)));
        }
    }

    private List<String> check(String module, ClassFiles files) {
        Map<String, @Nullable ClassShape> shapes = new HashMap<>();
        List<String> missing = new ArrayList<>();
        for (String line : index(module)) {
            String[] parts = line.split(" ", 3);
            ClassShape owner = shapes.computeIfAbsent(parts[0], files::find);
            if (owner == null) {
                if (parts.length == 1) {
                    missing.add(parts[0].replace('/', '.'));
                }
            } else if (parts.length == 3
                    && !owner.declares(parts[1], parts[2])
                    && !files.anyAncestor(
                            owner,
                            ModuleReferences::mayInheritFromPlatform,
                            parent -> parent.declares(parts[1], parts[2]))) {
                missing.add(parts[0].replace('/', '.') + "." + parts[1] + parts[2]);
            }
        }
        return missing;
    }

    private static boolean mayInheritFromPlatform(String ancestor) {
        return ClassFiles.isOfPlatform(ancestor) && !ancestor.equals("java/lang/Object");
    }

    private List<String> index(String module) {
        try (InputStream index = agent.getResourceAsStream(indexOf(module))) {
            return index == null
                    ? List.of()
                    : new String(index.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.isBlank())
                            .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
