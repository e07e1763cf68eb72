package dev.resilience.instrumentation.api;

import java.util.List;

/**
 * A client library the agent can guard: what to match and which advice goes where. Found by {@code ServiceLoader} in
 * the agent loader, where it must not name a type of the library: advice and adapters are named by string, and live in
 * a module loader that sees the library.
 *
 * <p>Advice is a class with a static method {@code enter} and, where the end matters, {@code exit}, carrying Byte Buddy's
 * {@code Advice} annotations with {@code inline = false}. {@code enter} returns null for "nothing to do", the state that
 * {@code exit} gets, or what makes {@code skipOn} skip the method. Where it changes an argument it returns all of that in
 * an {@code Object[]}, element 0 the one to skip on; nowhere else, as Java 17 leaves that array on the heap. {@code exit}
 * returns null, or an {@code Object[]} whose elements are assigned as its {@code AssignReturned} annotations say: an
 * element that stands for a primitive result must never be null (hand back what was returned), and a null element for
 * the thrown exception clears it.
 *
 * <p>Where {@link #namesLibraryTypes} is false old class files share the advice, so it has the shapes {@code
 * enter(Object)}, {@code enter(Object, Object[])} or {@code enter(Object, ...)} with two arguments or more, each at its
 * place; with {@code enter(Object, Object)} it gets all arguments as one array there. It skips on a {@code Throwable}, which {@code exit} gets even where
 * {@code enter} gave it in an array, and {@code exit(Object, Object, Throwable)}. Old class files change no arguments.
 */
public interface ClientModule {
    /** The name of its room, for example {@code jdbc}; also the name of its build-time index of references. */
    String name();

    /** The library as its users know it, for warnings: {@code "gRPC (io.grpc:grpc-core)"}. */
    String library();

    /** The package of its advice and adapters, loaded by the module loader: {@code "dev.resilience....jdbc"}. */
    default String adapterPackage() {
        return getClass().getPackageName();
    }

    /**
     * Whether advice and adapters name types of the library, and so need a loader for each application loader. When
     * false, one loader serves them all, and class files older than version 51 can be woven too.
     */
    default boolean namesLibraryTypes() {
        return true;
    }

    /** Types adapters can do without, as prefixes of binary names such as {@code "org.x."}: not checked before weaving. */
    default List<String> optionalPackages() {
        return List.of();
    }

    List<JoinPoint> joinPoints();
}
