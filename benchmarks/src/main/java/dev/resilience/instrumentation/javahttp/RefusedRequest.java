package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.Refusal;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** Lends the adapter's own classes to what measures them, from inside their package. */
public final class RefusedRequest {
    private final HttpAdapter adapter;
    private final HttpClient client = HttpClient.newHttpClient();

    public RefusedRequest(Guards guards) {
        adapter = new HttpAdapter(guards);
    }

    public static IOException exception(Refusal refusal) {
        return new RefusedException(refusal);
    }

    /** What the synchronous send does with a request: the join point, and waiting for what comes of it. */
    public Object send(HttpRequest request) throws Exception {
        Object[] entered =
                Objects.requireNonNull(adapter.enter(client, request, BodyHandlers.discarding(), false, null));
        return ((CompletableFuture<?>) entered[0]).get();
    }
}
