package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.HttpSnapshot;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import javax.net.ssl.SSLSession;

/** The answer of a policy, or one that was kept, as a response of the JDK, its body made by the application's own handler. */
record StaticResponse<T>(HttpRequest request, Head head, T body) implements HttpResponse<T> {

    /** Feeds the answer to {@code handler}; what it throws comes out. */
    static <T> CompletionStage<HttpResponse<T>> of(StaticAnswer answer, HttpRequest request, BodyHandler<T> handler) {
        return of(Head.of(answer, request), answer.body(), request, handler);
    }

    /** The same for one that was kept. */
    static <T> CompletionStage<HttpResponse<T>> of(HttpSnapshot snapshot, HttpRequest request, BodyHandler<T> handler) {
        HttpHeaders headers = HttpHeaders.of(snapshot.headers(), (name, value) -> true);
        return of(new Head(snapshot.status(), headers, versionOf(request)), snapshot.body(), request, handler);
    }

    private static <T> CompletionStage<HttpResponse<T>> of(
            Head head, byte[] body, HttpRequest request, BodyHandler<T> handler) {
        BodySubscriber<T> subscriber = handler.apply(head);
        StaticBody given = new StaticBody(subscriber, body);
        subscriber.onSubscribe(given);
        given.begin();
        // asked for last: a mapped stream is read in here
        return subscriber.getBody().thenApply(new WithBody<>(request, head));
    }

    private record WithBody<T>(HttpRequest request, Head head) implements Function<T, HttpResponse<T>> {
        @Override
        public HttpResponse<T> apply(T body) {
            return new StaticResponse<>(request, head, body);
        }
    }

    /** Status line and headers. */
    record Head(int statusCode, HttpHeaders headers, HttpClient.Version version) implements ResponseInfo {
        static Head of(StaticAnswer answer, HttpRequest request) {
            Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            answer.headers()
                    .forEach((name, values) -> headers.computeIfAbsent(name, key -> new ArrayList<>())
                            .addAll(values));
            if (answer.contentType() != null) {
                headers.put("Content-Type", List.of(answer.contentType()));
            }
            headers.putIfAbsent("Content-Length", List.of(Integer.toString(answer.body().length)));
            return new Head(answer.status(), HttpHeaders.of(headers, (name, value) -> true), versionOf(request));
        }
    }

    private static HttpClient.Version versionOf(HttpRequest request) {
        return request.version().orElse(HttpClient.Version.HTTP_1_1);
    }

    @Override
    public int statusCode() {
        return head.statusCode();
    }

    @Override
    public HttpHeaders headers() {
        return head.headers();
    }

    @Override
    public HttpClient.Version version() {
        return head.version();
    }

    @Override
    public URI uri() {
        return request.uri();
    }

    @Override
    public Optional<HttpResponse<T>> previousResponse() {
        return Optional.empty();
    }

    @Override
    public Optional<SSLSession> sslSession() {
        return Optional.empty();
    }

    @Override
    public String toString() {
        return "(" + request.method() + " " + request.uri() + ") " + statusCode();
    }
}
