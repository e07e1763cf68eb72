package dev.resilience.instrumentation.api;

import java.net.URI;
import java.util.List;
import java.util.Map;

/**
 * An HTTP request, as far as its answer depends on it.
 *
 * @param hasBody whether it brings a body, or may
 * @param credentials what tells for whom it is made beside its headers: what the client's connections show, say
 * @param addsCredentials whether the client puts credentials in later, out of sight
 */
public record HttpAsk(
        String method,
        URI uri,
        Map<String, List<String>> headers,
        boolean hasBody,
        List<String> credentials,
        boolean addsCredentials) {}
