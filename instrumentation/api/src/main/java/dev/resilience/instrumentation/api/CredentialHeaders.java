package dev.resilience.instrumentation.api;

import java.util.List;
import java.util.Locale;

/**
 * The headers, or keys of metadata, that are credentials: all whose name says so. A name that only
 * looks like one costs an earlier answer or a header that another server is not sent; one that is missed would give a
 * secret away.
 */
public final class CredentialHeaders {
    /** Authorization, Proxy-Authorization, Cookie, X-Api-Key, X-Auth-Token, X-Amz-Security-Token, X-Session-Id. */
    private static final List<String> SIGNS = List.of(
            "auth",
            "token",
            "cookie",
            "session",
            "secret",
            "passw",
            "credential",
            "signature",
            "api-key",
            "apikey",
            "access-key",
            "subscription-key",
            "client-cert",
            "jwt",
            "dpop");

    private CredentialHeaders() {}

    /** Whether one of that name is a credential; upper and lower case are the same. */
    public static boolean contains(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (int i = 0; i < SIGNS.size(); i++) {
            if (lower.contains(SIGNS.get(i))) {
                return true;
            }
        }
        return false;
    }
}
