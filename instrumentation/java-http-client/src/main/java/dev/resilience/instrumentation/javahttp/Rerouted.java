package dev.resilience.instrumentation.javahttp;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A request as another server is sent it. */
final class Rerouted {
    /** Of one connection (RFC 9110, 7.6.1), or of its target. */
    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection",
            "host",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "http2-settings");

    /** Publishers of the JDK that say the same each time they are asked. */
    private static final Set<String> REPLAYABLE =
            Set.of("ByteArrayPublisher", "StringPublisher", "FilePublisher", "EmptyPublisher");

    private static final String PUBLISHERS = "jdk.internal.net.http.RequestPublishers$";

    /**
     * The request for {@code base}, whose path comes before its own.
     *
     * @param isSent of which headers
     * @param wasSent whether its body may have been asked for already
     * @throws IOException if it cannot be sent there
     */
    static HttpRequest of(HttpRequest request, URI base, Predicate<String> isSent, boolean wasSent) throws IOException {
        URI own = request.uri();
        if (sameTarget(own, base)) {
            throw new IOException("the alternate " + base + " is the target itself");
        }
        BodyPublisher body = request.bodyPublisher().orElse(null);
        if (wasSent && !isReplayable(body)) {
            throw new IOException("the body of the request can be read but once");
        }
        return HttpRequest.newBuilder(request, (name, value) -> !isOfConnection(name) && isSent.test(name))
                .uri(URI.create(address(base) + own.getRawPath() + query(own)))
                .build();
    }

    private static String address(URI base) {
        String path = base.getRawPath();
        String prefix = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        return base.getScheme() + "://" + base.getRawAuthority() + prefix;
    }

    private static String query(URI uri) {
        return uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    }

    private static boolean isOfConnection(String name) {
        return HOP_BY_HOP.contains(name.toLowerCase(Locale.ROOT));
    }

    private static boolean isReplayable(@Nullable BodyPublisher body) {
        return body == null || body.contentLength() == 0 || isOfJdk(body) || is(body, "IterablePublisher");
    }

    /** Whether it is one of the JDK's that says the same each time: of an array, a text, a file, or nothing. */
    static boolean isOfJdk(BodyPublisher body) {
        return REPLAYABLE.stream().anyMatch(name -> is(body, name));
    }

    private static boolean is(BodyPublisher body, String name) {
        return body.getClass().getName().equals(PUBLISHERS + name);
    }

    private static boolean sameTarget(URI one, URI other) {
        return Objects.equals(lower(one.getHost()), lower(other.getHost()))
                && port(one) == port(other)
                && (other.getRawPath().isEmpty() || other.getRawPath().equals("/"));
    }

    private static @Nullable String lower(@Nullable String host) {
        return host == null ? null : host.toLowerCase(Locale.ROOT);
    }

    private static int port(URI uri) {
        if (uri.getPort() >= 0) {
            return uri.getPort();
        }
        return "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
    }

    private Rerouted() {}
}
