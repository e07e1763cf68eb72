package dev.resilience.instrumentation.jdbc;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Modifier;
import org.jspecify.annotations.Nullable;

/** Finds what pools and drivers offer beyond JDBC. */
final class PublicMethods {
    /** A public method without parameters, of the first public class from {@code type} upwards that has it. */
    static @Nullable MethodHandle find(Class<?> type, String name, Class<?> result) {
        for (Class<?> declaring = type; declaring != null; declaring = declaring.getSuperclass()) {
            if (Modifier.isPublic(declaring.getModifiers())) {
                try {
                    return MethodHandles.publicLookup().findVirtual(declaring, name, MethodType.methodType(result));
                } catch (NoSuchMethodException | IllegalAccessException absent) {
                    // or out of reach in its module: then the next one up may have it
                }
            }
        }
        return null;
    }

    /** The same, with the result's type by its name, as the driver of {@code type} knows it. */
    static @Nullable MethodHandle find(Class<?> type, String name, String result) {
        try {
            return find(type, name, Class.forName(result, false, type.getClassLoader()));
        } catch (ClassNotFoundException | LinkageError absent) {
            return null;
        }
    }

    private PublicMethods() {}
}
