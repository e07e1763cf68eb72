package dev.resilience.it;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;

/** Receives spans by OTLP over HTTP, and keeps them as well as every byte they came in. */
final class OtlpReceiver implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Daemons.named("otlp receiver");
    private final List<SeenSpan> spans = new CopyOnWriteArrayList<>();
    private final List<String> bodies = new CopyOnWriteArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    private volatile int refusals;
    private volatile int delayMillis;

    OtlpReceiver() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::receive);
        server.setExecutor(threads);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + port();
    }

    int port() {
        return server.getAddress().getPort();
    }

    /** Answers the first {@code count} requests with 503, and every one only after {@code millis}. */
    void trouble(int count, int millis) {
        refusals = count;
        delayMillis = millis;
    }

    /** How many requests came, the refused ones too. */
    int requests() {
        return requests.get();
    }

    List<SeenSpan> spans() {
        return List.copyOf(spans);
    }

    List<SeenSpan> trace(String id) {
        return spans.stream().filter(span -> span.trace().equals(id)).toList();
    }

    /** All that was received: every name and every value stands in it as plain text. */
    String everything() {
        return String.join("\n", bodies);
    }

    private void receive(HttpExchange exchange) throws IOException {
        try (exchange) {
            boolean gzip = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
            byte[] body =
                    (gzip ? new GZIPInputStream(exchange.getRequestBody()) : exchange.getRequestBody()).readAllBytes();
            TimeUnit.MILLISECONDS.sleep(delayMillis);
            if (requests.incrementAndGet() <= refusals) {
                exchange.sendResponseHeaders(503, -1);
                return;
            }
            bodies.add(new String(body, StandardCharsets.ISO_8859_1));
            if (exchange.getRequestURI().getPath().endsWith("/v1/traces")) {
                ExportTraceServiceRequest.parseFrom(body)
                        .getResourceSpansList()
                        .forEach(group -> group.getScopeSpansList()
                                .forEach(scope -> scope.getSpansList()
                                        .forEach(span -> spans.add(seen(
                                                group.getResource(),
                                                scope.getScope().getName(),
                                                span)))));
            }
            exchange.getResponseHeaders().add("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(200, -1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static SeenSpan seen(Resource resource, String scope, Span span) {
        Map<String, Object> process = plain(resource.getAttributesList());
        process.put("otel.scope.name", scope);
        HexFormat hex = HexFormat.of();
        return new SeenSpan(
                hex.formatHex(span.getTraceId().toByteArray()),
                hex.formatHex(span.getSpanId().toByteArray()),
                hex.formatHex(span.getParentSpanId().toByteArray()),
                span.getName(),
                span.getKind().name().replace("SPAN_KIND_", ""),
                status(span.getStatus()),
                span.getStartTimeUnixNano(),
                plain(span.getAttributesList()),
                span.getEventsList().stream()
                        .map(event -> new SeenSpan.Event(event.getName(), plain(event.getAttributesList())))
                        .toList(),
                process);
    }

    private static String status(Status status) {
        return status.getCode().name().replace("STATUS_CODE_", "");
    }

    private static Map<String, Object> plain(List<KeyValue> attributes) {
        Map<String, Object> plain = new TreeMap<>();
        attributes.forEach(pair -> plain.put(pair.getKey(), plain(pair.getValue())));
        return plain;
    }

    private static Object plain(AnyValue value) {
        return switch (value.getValueCase()) {
            case INT_VALUE -> value.getIntValue();
            case DOUBLE_VALUE -> value.getDoubleValue();
            case BOOL_VALUE -> value.getBoolValue();
            case STRING_VALUE -> value.getStringValue();
            default -> value.toString();
        };
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
