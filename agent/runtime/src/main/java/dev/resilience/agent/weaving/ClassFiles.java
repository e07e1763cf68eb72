package dev.resilience.agent.weaving;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The class files an application loader can find, read as resources: nothing is loaded or linked. */
final class ClassFiles {
    /*
     * A look-up inside a transformer can poison the JVM: reading a class file may need the very class that is being
     * loaded. So matching never reads classes of the boot and platform loaders, and whatever cannot be read is passed over:
     * other agents add supertypes that exist in no file.
     */
    private static final Map<String, String> PLATFORM_PARENTS = Map.of(
            "java/sql/PreparedStatement", "java/sql/Statement", "java/sql/CallableStatement", "java/sql/Statement");

    private final ClassLoader loader;

    ClassFiles(ClassLoader loader) {
        this.loader = loader;
    }

    /** The shape of this class, or null when it cannot be had. */
    @Nullable
    ClassShape find(String internalName) {
        byte[] file = read(internalName);
        try {
            return file == null ? null : ClassShape.of(file);
        } catch (RuntimeException malformed) {
            return null;
        }
    }

    byte @Nullable [] read(String internalName) {
        if (isOfPlatform(internalName)) {
            return null;
        }
        return read(loader, internalName);
    }

    /** The class file of a platform class, for weaving only: a class that is woven is past the danger above. */
    static byte @Nullable [] readPlatform(String internalName) {
        return read(ClassLoader.getPlatformClassLoader(), internalName);
    }

    private static byte @Nullable [] read(ClassLoader loader, String internalName) {
        try (InputStream file = loader.getResourceAsStream(internalName + ".class")) {
            return file == null ? null : file.readAllBytes();
        } catch (IOException | RuntimeException unreadable) {
            return null;
        }
    }

    /** Whether {@code supertype} stands among the supertypes of {@code shape}; names are compared before files. */
    boolean isSubtype(ClassShape shape, String supertype) {
        return anyAncestor(shape, name -> name.equals(supertype), ignored -> false);
    }

    /** Whether a name or a readable shape among the supertypes fits. */
    boolean anyAncestor(ClassShape shape, Predicate<String> name, Predicate<ClassShape> body) {
        Set<String> seen = new HashSet<>();
        Deque<ClassShape> open = new ArrayDeque<>();
        open.add(shape);
        while (!open.isEmpty()) {
            ClassShape current = open.remove();
            Set<String> parents = new HashSet<>(current.interfaces());
            if (current.superName() != null) {
                parents.add(current.superName());
            }
            for (String parent : List.copyOf(parents)) {
                String grandparent = PLATFORM_PARENTS.get(parent);
                if (grandparent != null) {
                    parents.add(grandparent);
                }
            }
            if (parents.stream().anyMatch(name)) {
                return true;
            }
            for (String parent : parents) {
                ClassShape found = seen.add(parent) ? find(parent) : null;
                if (found != null) {
                    if (body.test(found)) {
                        return true;
                    }
                    open.add(found);
                }
            }
        }
        return false;
    }

    /** Where a class comes from, as a user would name it: the file name of its jar. */
    String origin(String internalName) {
        URL url = loader.getResource(internalName + ".class");
        if (url == null) {
            return "of unknown origin";
        }
        String path = url.getPath();
        int end = path.indexOf("!/");
        if (end < 0) {
            return path;
        }
        return path.substring(path.lastIndexOf('/', end - 1) + 1, end);
    }

    static boolean isOfPlatform(String internalName) {
        return internalName.startsWith("java/") || internalName.startsWith("jdk/") || internalName.startsWith("sun/");
    }
}
