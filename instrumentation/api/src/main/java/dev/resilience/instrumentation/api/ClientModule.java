package dev.resilience.instrumentation.api;

import java.util.List;

/**
 * A client library the agent can guard: what to match and which advice goes where. Found by {@code ServiceLoader} in
 * the agent loader, where it must not name a type of the library: advice and adapters are named by string, and live in
 * a module loader that sees the library.
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

    List<JoinPoint> joinPoints();
}
