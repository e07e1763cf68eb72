package dev.resilience.it;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A real Jaeger on free ports of the loopback address; spans go in by OTLP and come back through its query API. */
final class Jaeger implements AutoCloseable {
    private static final int ADMIN = 0;
    private static final int OTLP = 1;
    private static final int QUERY = 2;
    private static final List<String> LISTENERS = List.of(
            "admin.http",
            "collector.otlp.http",
            "query.http-server",
            "query.grpc-server",
            "collector.otlp.grpc",
            "collector.grpc-server",
            "collector.http-server");

    private final HttpClient client = HttpClient.newHttpClient();
    private final List<Integer> ports;
    private final Process process;

    Jaeger(Path binary, Path log) {
        ports = freePorts(LISTENERS.size());
        List<String> command = new ArrayList<>(List.of(binary.toString()));
        for (int i = 0; i < LISTENERS.size(); i++) {
            command.add("--" + LISTENERS.get(i) + ".host-port=127.0.0.1:" + ports.get(i));
        }
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("SPAN_STORAGE_TYPE", "memory");
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            awaitHealth(log);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** The binary that {@code -Dresilience.jaeger} names, else one built with the Go of this machine. */
    static java.util.Optional<Path> binary() {
        String named = System.getProperty("resilience.jaeger", "");
        if (!named.isEmpty()) {
            return java.util.Optional.of(Path.of(named));
        }
        return isOnPath("go") ? java.util.Optional.of(build()) : java.util.Optional.empty();
    }

    private static boolean isOnPath(String program) {
        for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    private static Path build() {
        try {
            Process build = new ProcessBuilder(System.getProperty("resilience.jaeger.build"))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String said =
                    new String(build.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).trim();
            if (build.waitFor() != 0) {
                throw new IllegalStateException("Jaeger cannot be built: see above");
            }
            return Path.of(said);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static List<Integer> freePorts(int count) {
        List<ServerSocket> held = new ArrayList<>();
        try {
            List<Integer> free = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                held.add(socket);
                free.add(socket.getLocalPort());
            }
            for (ServerSocket socket : held) {
                socket.close();
            }
            return free;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitHealth(Path log) {
        Awaitility.await("health of Jaeger, see " + log)
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    if (!process.isAlive()) {
                        throw new IllegalStateException("Jaeger ended:\n" + Files.readString(log));
                    }
                    return isHealthy();
                });
    }

    private boolean isHealthy() throws InterruptedException {
        try {
            return client.send(get(ADMIN, "/"), HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    String otlp() {
        return "http://127.0.0.1:" + ports.get(OTLP);
    }

    /** All spans of this service so far. */
    List<SeenSpan> spans(String service) {
        List<SeenSpan> spans = new ArrayList<>();
        for (JsonElement trace :
                JsonParser.parseString(raw(service)).getAsJsonObject().getAsJsonArray("data")) {
            JsonObject processes = trace.getAsJsonObject().getAsJsonObject("processes");
            for (JsonElement span : trace.getAsJsonObject().getAsJsonArray("spans")) {
                spans.add(seen(span.getAsJsonObject(), processes));
            }
        }
        return spans;
    }

    /** What the query API answers about this service, as it stands. */
    String raw(String service) {
        try {
            return client.send(
                            get(QUERY, "/api/traces?limit=1000&service=" + service),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private HttpRequest get(int listener, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports.get(listener) + path))
                .timeout(Duration.ofSeconds(10))
                .build();
    }

    private static SeenSpan seen(JsonObject span, JsonObject processes) {
        Map<String, Object> attributes = plain(span.getAsJsonArray("tags"));
        List<SeenSpan.Event> events = new ArrayList<>();
        for (JsonElement log : span.getAsJsonArray("logs")) {
            Map<String, Object> fields = plain(log.getAsJsonObject().getAsJsonArray("fields"));
            events.add(new SeenSpan.Event(String.valueOf(fields.remove("event")), fields));
        }
        String parent = "";
        for (JsonElement reference : span.getAsJsonArray("references")) {
            parent = reference.getAsJsonObject().get("spanID").getAsString();
        }
        JsonObject maker = processes.getAsJsonObject(span.get("processID").getAsString());
        Map<String, Object> resource = plain(maker.getAsJsonArray("tags"));
        resource.put("service.name", maker.get("serviceName").getAsString());
        return new SeenSpan(
                span.get("traceID").getAsString(),
                span.get("spanID").getAsString(),
                parent,
                span.get("operationName").getAsString(),
                String.valueOf(attributes.getOrDefault("span.kind", "internal")).toUpperCase(Locale.ROOT),
                String.valueOf(attributes.getOrDefault("otel.status_code", "UNSET")),
                span.get("startTime").getAsLong() * 1000,
                attributes,
                events,
                resource);
    }

    private static Map<String, Object> plain(JsonArray tags) {
        Map<String, Object> plain = new TreeMap<>();
        for (JsonElement each : tags) {
            JsonObject tag = each.getAsJsonObject();
            JsonElement value = tag.get("value");
            plain.put(
                    tag.get("key").getAsString(),
                    switch (tag.get("type").getAsString()) {
                        case "int64" -> value.getAsLong();
                        case "float64" -> value.getAsDouble();
                        case "bool" -> value.getAsBoolean();
                        default -> value.getAsString();
                    });
        }
        return plain;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
