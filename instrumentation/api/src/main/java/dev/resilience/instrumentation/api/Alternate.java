package dev.resilience.instrumentation.api;

import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Somebody else to ask. */
public interface Alternate {
    /** Headers that tell who asks. */
    Set<String> CREDENTIALS =
            Set.of("authorization", "cookie", "cookie2", "proxy-authorization", "x-api-key", "x-auth-token");

    /** HTTP: scheme and authority to ask there, and a path that comes before the request's own; null for gRPC. */
    @Nullable
    URI uri();

    /** gRPC: the target of a channel; null for HTTP. */
    @Nullable
    String target();

    /** gRPC: whether the channel is without TLS. */
    boolean isPlaintext();

    /** How long it may take, in nanoseconds. */
    long deadlineNanos();

    /** Whether it is sent what tells who asks: Authorization, Cookie and their like. */
    boolean sendsCredentials();

    /** Whether this is no answer, as it would be none of the target. */
    boolean isFault(Ending ending);

    /** Whether it is sent a header of this name. */
    default boolean isSent(String header) {
        return sendsCredentials() || !CREDENTIALS.contains(header.toLowerCase(Locale.ROOT));
    }
}
