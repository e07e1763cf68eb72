package dev.resilience.instrumentation.api;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Finds the guard of a call. Look it up for each call, or for each connection and again when {@link #generation}
 * changed: a reload of the policies replaces guards. Null means: leave this call alone. No method throws.
 */
public interface Guards {
    /** Changes whenever guards found earlier may be out of date. */
    int generation();

    @Nullable
    Guard http(String method, URI uri);

    /** The guard of a gRPC call to {@code fullMethod}, written as {@code package.Service/Method}. */
    @Nullable
    Guard grpc(String authority, String fullMethod);

    /**
     * The guard of a database.
     *
     * @param url the JDBC URL; its parameters are cut off before anything else sees it
     * @param pool the name of the connection pool, if one is known
     */
    @Nullable
    Guard jdbc(String url, @Nullable String pool);

    /** What a statement of SQL does, as far as its text tells for sure. */
    default StatementKind kindOf(String sql) {
        return StatementKind.OTHER;
    }

    /**
     * Has {@code work}, which may never end, done on a thread of the agent; false if too much of the kind is under way.
     */
    default boolean tryRun(Runnable work) {
        return false;
    }

    /** Where adapters report the agent's own faults. */
    Faults faults();
}
