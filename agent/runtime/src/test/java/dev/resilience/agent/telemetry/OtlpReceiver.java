package dev.resilience.agent.telemetry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;

/** A real OTLP/HTTP receiver. */
final class OtlpReceiver implements AutoCloseable {
    private final HttpServer server;
    private final BlockingQueue<Span> spans = new LinkedBlockingQueue<>();
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile boolean hangs;
    volatile Map<String, Object> resource = Map.of();
    volatile Map<String, List<String>> headers = Map.of();
    volatile String path = "";

    OtlpReceiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::receive);
        server.start();
    }

    private void receive(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (hangs) {
                released.await(20, TimeUnit.SECONDS);
            }
            headers = Map.copyOf(exchange.getRequestHeaders());
            path = exchange.getRequestURI().toString();
            InputStream body = exchange.getRequestBody();
            boolean gzip = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
            ExportTraceServiceRequest request =
                    ExportTraceServiceRequest.parseFrom(gzip ? new GZIPInputStream(body) : body);
            request.getResourceSpansList().forEach(group -> {
                resource = plain(group.getResource().getAttributesList());
                group.getScopeSpansList().forEach(scope -> spans.addAll(scope.getSpansList()));
            });
            exchange.sendResponseHeaders(200, -1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    String url() {
        return "http://" + hostAndPort();
    }

    String hostAndPort() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    void hang() {
        hangs = true;
    }

    int waiting() {
        return spans.size();
    }

    Span next() throws InterruptedException {
        Span span = spans.poll(20, TimeUnit.SECONDS);
        if (span == null) {
            throw new AssertionError("no span came");
        }
        return span;
    }

    static Map<String, Object> plain(List<KeyValue> attributes) {
        Map<String, Object> plain = new TreeMap<>();
        attributes.forEach(pair -> plain.put(pair.getKey(), plain(pair.getValue())));
        return plain;
    }

    private static Object plain(AnyValue value) {
        return switch (value.getValueCase()) {
            case INT_VALUE -> value.getIntValue();
            case DOUBLE_VALUE -> value.getDoubleValue();
            case BOOL_VALUE -> value.getBoolValue();
            default -> value.getStringValue();
        };
    }

    @Override
    public void close() {
        released.countDown();
        server.stop(0);
    }
}
