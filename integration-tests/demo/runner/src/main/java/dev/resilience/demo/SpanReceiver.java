package dev.resilience.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** An OTLP/HTTP receiver that keeps the spans and hands each request on to the user's own, if there is one. */
final class SpanReceiver implements AutoCloseable {
    private final HttpServer server;
    private final @Nullable URI onward;
    private final HttpClient client = HttpClient.newHttpClient();
    private final List<SeenSpan> spans = new ArrayList<>();
    private final Map<Dependency, String> breakers = new EnumMap<>(Dependency.class);
    private final AtomicInteger handedOn = new AtomicInteger();
    private volatile String refusal = "";

    /** Receives on a free port; {@code onward} is the user's OTLP/HTTP endpoint, or empty. */
    SpanReceiver(String onward) throws IOException {
        this.onward = onward.isEmpty() ? null : URI.create(onward.replaceAll("/+$", "") + "/v1/traces");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Threads.daemons(2));
        server.createContext("/v1/traces", this::receive);
        server.start();
    }

    String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void receive(HttpExchange exchange) throws IOException {
        try (exchange;
                InputStream in = exchange.getRequestBody()) {
            byte[] body = in.readAllBytes();
            String encoding = exchange.getRequestHeaders().getFirst("Content-Encoding");
            boolean zipped = encoding != null && encoding.equals("gzip");
            exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
            keep(Otlp.spans(zipped ? unzip(body) : body));
            handOn(body, zipped);
            exchange.sendResponseHeaders(200, -1);
        }
    }

    private static byte[] unzip(byte[] body) throws IOException {
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
            return in.readAllBytes();
        }
    }

    private synchronized void keep(List<SeenSpan> arrived) {
        spans.addAll(arrived);
        for (SeenSpan span : arrived) {
            String state = span.attribute("circuit_breaker.state");
            for (Dependency dependency : Dependency.values()) {
                if (!state.isEmpty() && span.attribute("resilience.policy").equals(dependency.title())) {
                    breakers.put(dependency, state);
                }
            }
        }
    }

    private void handOn(byte[] body, boolean zipped) {
        if (onward == null) {
            return;
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(onward)
                .timeout(Duration.ofSeconds(5))
                .header("Content-Type", "application/x-protobuf")
                .POST(BodyPublishers.ofByteArray(body));
        if (zipped) {
            request.header("Content-Encoding", "gzip");
        }
        var unused = client.sendAsync(request.build(), BodyHandlers.discarding())
                .handle((response, failure) -> {
                    if (response != null && response.statusCode() / 100 == 2) {
                        handedOn.incrementAndGet();
                    } else {
                        refusal = response == null ? failure.toString() : "status " + response.statusCode();
                    }
                    return null;
                });
    }

    /** What became of the spans that were to go to the user's endpoint, as a sentence; empty if there is none. */
    String onwardReport() {
        if (onward == null) {
            return "";
        }
        return handedOn.get() + " batches of spans went to " + onward
                + (refusal.isEmpty() ? "." : "; not all of them: " + refusal + ".");
    }

    /** The last state of a dependency's breaker that a span told. */
    synchronized String breaker(Dependency dependency) {
        return breakers.getOrDefault(dependency, "-");
    }

    synchronized List<SeenSpan> spans() {
        return List.copyOf(spans);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
