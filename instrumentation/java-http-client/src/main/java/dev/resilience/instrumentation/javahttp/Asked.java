package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.RequestFacts;
import java.net.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/** A request, as the conditions of a policy see it. */
record Asked(HttpRequest request) implements RequestFacts {
    @Override
    public @Nullable String header(String name) {
        return request.headers().firstValue(name).orElse(null);
    }

    @Override
    public String method() {
        return request.method();
    }

    @Override
    public @Nullable String host() {
        return request.uri().getHost();
    }

    @Override
    public @Nullable String path() {
        return request.uri().getRawPath();
    }

    @Override
    public @Nullable String query() {
        return request.uri().getRawQuery();
    }
}
