package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Identities;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.List;
import javax.net.ssl.SSLContext;

/** What a client shows of who asks, beside the headers of the request. */
final class Credentials {
    /*
     * A client certificate is chosen by a key manager that nobody can look into, when a connection is made; connections
     * belong to a client. So a client with a TLS context of its own is somebody of its own. The JDK's default context
     * shows a certificate only if system properties name a key store, and then the same to all.
     */
    private static final Identities CLIENTS = new Identities("client");

    static List<String> shown(HttpClient client, URI uri) {
        if (!"https".equalsIgnoreCase(uri.getScheme())) {
            return List.of();
        }
        SSLContext context = client.sslContext();
        if (!"Default".equals(context.getProtocol())) {
            return List.of(CLIENTS.of(client));
        }
        return System.getProperty("javax.net.ssl.keyStore") == null ? List.of() : List.of("default key store");
    }

    /** Whether the client adds some that no request shows. */
    static boolean areAdded(HttpClient client) {
        return client.authenticator().isPresent() || client.cookieHandler().isPresent();
    }

    private Credentials() {}
}
