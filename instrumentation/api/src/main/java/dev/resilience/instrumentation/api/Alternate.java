package dev.resilience.instrumentation.api;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/** Somebody else to ask. */
public interface Alternate {
    /** HTTP: scheme and authority to ask there, and a path that comes before the request's own; null for others. */
    @Nullable
    URI uri();

    /** gRPC: the target of a channel; null for others. */
    @Nullable
    String target();

    /** JDBC: what the driver opens; null for others. */
    @Nullable
    String url();

    /** gRPC: whether the channel is without TLS. */
    boolean isPlaintext();

    /** How long it may take, in nanoseconds. */
    long deadlineNanos();

    /** Whether it is sent the {@linkplain CredentialHeaders credentials}; JDBC: what says who the connection is for. */
    boolean sendsCredentials();

    /** Whether this is no answer, as it would be none of the target. */
    boolean isFault(Ending ending);

    /** Whether it is sent a header of this name. */
    default boolean isSent(String header) {
        return sendsCredentials() || !CredentialHeaders.contains(header);
    }
}
