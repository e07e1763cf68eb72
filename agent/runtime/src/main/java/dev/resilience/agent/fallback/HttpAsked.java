package dev.resilience.agent.fallback;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A request as its caller made it. */
public final class HttpAsked {
    private final String method;
    private final URI uri;
    private final Fields fields;
    private final boolean hasBody;
    private final List<String> credentials;
    private final boolean addsCredentials;
    /** Made when it is first asked for; whoever makes it makes the same. */
    private @Nullable String target;

    /**
     * A request.
     *
     * @param uri the whole target, as the application named it
     * @param fields its headers, as far as they can be seen
     * @param hasBody whether it brings a body, or may
     * @param credentials what else tells whom it is made for: a client certificate, say
     * @param addsCredentials whether the client puts credentials in later, out of sight (an authenticator, a cookie jar)
     */
    public HttpAsked(
            String method, URI uri, Fields fields, boolean hasBody, List<String> credentials, boolean addsCredentials) {
        this.method = method;
        this.uri = uri;
        this.fields = fields;
        this.hasBody = hasBody;
        this.credentials = List.copyOf(credentials);
        this.addsCredentials = addsCredentials;
    }

    public String method() {
        return method;
    }

    public URI uri() {
        return uri;
    }

    public Fields fields() {
        return fields;
    }

    boolean hasBody() {
        return hasBody;
    }

    boolean addsCredentials() {
        return addsCredentials;
    }

    boolean isRetrieval() {
        return method.equals("GET") || method.equals("HEAD");
    }

    /** Whether such a request may change what others are answered; so may a method nobody here has heard of. */
    public static boolean isUnsafe(String method) {
        return !method.equals("GET") && !method.equals("HEAD") && !method.equals("OPTIONS") && !method.equals("TRACE");
    }

    boolean isUnsafe() {
        return isUnsafe(method);
    }

    boolean hasCredentials() {
        return addsCredentials || Principal.hasCredentials(fields, allCredentials());
    }

    /** With the user that the target names, if it does. */
    List<String> allCredentials() {
        String user = uri.getRawUserInfo();
        if (user == null) {
            return credentials;
        }
        List<String> all = new ArrayList<>(credentials);
        all.add(user);
        return all;
    }

    /** The target without what is not sent, its host in lower case and its usual port left out. */
    String target() {
        String known = target;
        if (known == null) {
            known = target(uri);
            target = known;
        }
        return known;
    }

    static String target(URI uri) {
        String scheme = lower(uri.getScheme());
        String host = lower(uri.getHost());
        int port = uri.getPort();
        boolean usual = port < 0 || (scheme.equals("http") && port == 80) || (scheme.equals("https") && port == 443);
        String path = uri.getRawPath();
        String query = uri.getRawQuery();
        StringBuilder target = new StringBuilder(scheme).append("://");
        target.append(host.isEmpty() ? String.valueOf(uri.getRawAuthority()) : host);
        if (!usual && !host.isEmpty()) {
            target.append(':').append(port);
        }
        target.append(path == null || path.isEmpty() ? "/" : path);
        return query == null
                ? target.toString()
                : target.append('?').append(query).toString();
    }

    private static String lower(@Nullable String text) {
        return text == null ? "" : text.toLowerCase(Locale.ROOT);
    }
}
