package dev.resilience.instrumentation.javahttp;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.testkit.FaultyHttpServer;
import dev.resilience.testkit.ScriptedGuards;
import dev.resilience.testkit.Woven;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A deadline cuts what stalls, wherever it does, on every transport, and nothing beside it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class StallsTest {
    private static final Duration DEADLINE = Duration.ofMillis(300);

    private final ScriptedGuards guards = JavaHttpClientContractTest.scripted();
    private final JettyServer jetty = new JettyServer();
    private final FaultyHttpServer plain;
    private final FaultyHttpServer secure;
    private final Map<Transport, HttpClient> clients = new ConcurrentHashMap<>();
    private final Woven woven;

    @TempDir
    static Path directory;

    StallsTest() throws IOException {
        plain = JavaHttpClientContractTest.server(Transport.HTTP_1);
        secure = JavaHttpClientContractTest.server(Transport.HTTPS_1);
        woven = Woven.with(new JavaHttpClientModule(), guards);
    }

    @AfterAll
    void close() throws IOException {
        woven.close();
        jetty.close();
        plain.close();
        secure.close();
    }

    @BeforeEach
    void bound() {
        guards.reset();
        guards.bound(DEADLINE);
    }

    static Stream<Arguments> wholeBodies() {
        return onEveryTransport(
                "ofString",
                "ofByteArray",
                "ofByteArrayConsumer",
                "ofFile",
                "ofFileDownload",
                "discarding",
                "replacing",
                "buffering",
                "fromSubscriber",
                "fromLineSubscriber");
    }

    static Stream<Arguments> streamedBodies() {
        return onEveryTransport("ofInputStream", "ofLines", "ofPublisher");
    }

    private static Stream<Arguments> onEveryTransport(String... handlers) {
        return Stream.of(handlers)
                .flatMap(handler -> Stream.of(Transport.values()).map(transport -> Arguments.of(handler, transport)));
    }

    private static BodyHandler<?> wholeBody(String name, BlockingQueue<String> told) {
        return switch (name) {
            case "ofString" -> BodyHandlers.ofString();
            case "ofByteArray" -> BodyHandlers.ofByteArray();
            case "ofByteArrayConsumer" -> BodyHandlers.ofByteArrayConsumer(part -> {});
            case "ofFile" -> BodyHandlers.ofFile(directory.resolve("received"));
            case "ofFileDownload" ->
                BodyHandlers.ofFileDownload(directory, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            case "discarding" -> BodyHandlers.discarding();
            case "replacing" -> BodyHandlers.replacing("mine");
            case "buffering" -> BodyHandlers.buffering(BodyHandlers.ofString(), 100);
            case "fromSubscriber" -> BodyHandlers.fromSubscriber(new Listening<>(told));
            case "fromLineSubscriber" -> BodyHandlers.fromLineSubscriber(new Listening<>(told));
            default -> throw new IllegalArgumentException(name);
        };
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("wholeBodies")
    void aCallWhoseBodyStallsFails(String handler, Transport transport) {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        int before = abandoned(transport);
        long start = System.nanoTime();
        assertThatThrownBy(() -> client(transport).send(request(transport, "/stall"), wholeBody(handler, told)))
                .isExactlyInstanceOf(HttpTimeoutException.class)
                .hasMessage(ScriptedGuards.EXPIRED);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(DEADLINE.minusMillis(1), DEADLINE.plusSeconds(3));
        if (handler.endsWith("Subscriber")) {
            assertThat(eventually(() -> told.contains("error HttpTimeoutException")))
                    .isTrue();
        }
        assertCut(transport, before);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("streamedBodies")
    void aReaderOfABodyThatStallsIsTold(String handler, Transport transport) throws Exception {
        int before = abandoned(transport);
        switch (handler) {
            case "ofInputStream" -> {
                try (InputStream body = client(transport)
                        .send(request(transport, "/stall"), BodyHandlers.ofInputStream())
                        .body()) {
                    assertThatThrownBy(body::readAllBytes)
                            .isInstanceOf(IOException.class)
                            .hasRootCauseInstanceOf(HttpTimeoutException.class);
                }
            }
            case "ofLines" -> {
                try (Stream<String> lines = client(transport)
                        .send(request(transport, "/stall"), BodyHandlers.ofLines())
                        .body()) {
                    assertThatThrownBy(lines::count).hasRootCauseInstanceOf(HttpTimeoutException.class);
                }
            }
            default -> {
                BlockingQueue<String> told = new LinkedBlockingQueue<>();
                client(transport)
                        .send(request(transport, "/stall"), BodyHandlers.ofPublisher())
                        .body()
                        .subscribe(new Listening<>(told));
                assertThat(eventually(() -> told.contains("error HttpTimeoutException")))
                        .isTrue();
                assertThat(told).containsExactly("item", "error HttpTimeoutException");
            }
        }
        assertCut(transport, before);
    }

    @ParameterizedTest
    @EnumSource
    void aBodyTheServerDoesNotTakeIsCut(Transport transport) {
        assertThatThrownBy(() -> client(transport)
                        .send(
                                HttpRequest.newBuilder(jetty.uri(transport, "/hang"))
                                        .POST(BodyPublishers.ofInputStream(() -> new Endless()))
                                        .build(),
                                BodyHandlers.ofString()))
                .isExactlyInstanceOf(HttpTimeoutException.class);
        assertThat(guards.tokens()).containsExactly("timeout");
        assertThat(guards.inFlight()).isZero();
        assertThat(guards.reported()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aBodyTheApplicationDoesNotGiveIsCut(Transport transport) {
        assertThatThrownBy(() -> client(transport)
                        .send(
                                HttpRequest.newBuilder(jetty.uri(transport, "/echo"))
                                        .POST(BodyPublishers.fromPublisher(
                                                subscriber -> subscriber.onSubscribe(new Nothing())))
                                        .build(),
                                BodyHandlers.ofString()))
                .isExactlyInstanceOf(HttpTimeoutException.class);
        assertThat(guards.tokens()).containsExactly("timeout");
        assertThat(guards.inFlight()).isZero();
        assertThat(guards.reported()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatAcceptsAndIsSilentIsLeft(Transport transport) throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            URI uri = URI.create(
                    (transport.isSecure() ? "https" : "http") + "://127.0.0.1:" + silent.getLocalPort() + "/");
            assertThatThrownBy(() ->
                            client(transport).send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()))
                    .isExactlyInstanceOf(HttpTimeoutException.class);
            assertThat(guards.tokens()).containsExactly("timeout");
            assertThat(guards.reported()).isEmpty();
            try (Socket server = silent.accept()) {
                server.setSoTimeout(10_000);
                InputStream input = server.getInputStream();
                assertThat(input.readAllBytes())
                        .as("what came before the close")
                        .isNotNull();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_2", "HTTPS_2"})
    void theCallsBesideItOnItsConnectionGoOn(Transport transport) throws Exception {
        HttpClient client = transport.client().build();
        guards.bound(Duration.ofMinutes(1));
        assertThat(client.send(request(transport, "/status/200"), BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(200);
        int connections = jetty.connections();
        CompletableFuture<HttpResponse<String>> patient =
                client.sendAsync(request(transport, "/stall"), BodyHandlers.ofString());
        int before = jetty.abandoned();
        guards.bound(DEADLINE);
        assertThatThrownBy(() -> client.send(request(transport, "/hang"), BodyHandlers.ofString()))
                .isExactlyInstanceOf(HttpTimeoutException.class);
        assertThat(eventually(() -> jetty.abandoned() == before + 1)).isTrue();
        assertThat(patient).isNotDone();
        assertThat(client.send(request(transport, "/status/200"), BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(200);
        assertThat(jetty.connections()).isEqualTo(connections);
        patient.cancel(true);
        assertThat(eventually(() -> jetty.abandoned() == before + 2)).isTrue();
        assertThat(guards.tokens()).containsExactly("200", "timeout", "200", "cancelled");
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_2", "HTTPS_2"})
    void whatWasPushedBesideItStays(Transport transport) throws Exception {
        ConcurrentMap<HttpRequest, CompletableFuture<HttpResponse<String>>> pushed = new ConcurrentHashMap<>();
        int before = jetty.abandoned();
        CompletableFuture<HttpResponse<String>> call = client(transport)
                .sendAsync(
                        request(transport, "/push-and-stall"),
                        BodyHandlers.ofString(),
                        PushPromiseHandler.of(promise -> BodyHandlers.ofString(), pushed));
        assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseExactlyInstanceOf(HttpTimeoutException.class);
        assertThat(pushed).hasSize(2);
        for (CompletableFuture<HttpResponse<String>> each : pushed.values()) {
            assertThat(each.get(10, TimeUnit.SECONDS).body()).startsWith("unasked ");
        }
        assertCut(transport, before);
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_2", "HTTPS_2"})
    void aRefusedCallHasNothingPushed(Transport transport) {
        guards.refuse();
        ConcurrentMap<HttpRequest, CompletableFuture<HttpResponse<String>>> pushed = new ConcurrentHashMap<>();
        int before = jetty.arrived();
        CompletableFuture<HttpResponse<String>> call = client(transport)
                .sendAsync(
                        request(transport, "/push"),
                        BodyHandlers.ofString(),
                        PushPromiseHandler.of(promise -> BodyHandlers.ofString(), pushed));
        assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessage(ScriptedGuards.REFUSED);
        assertThat(pushed).isEmpty();
        assertThat(jetty.arrived()).isEqualTo(before);
    }

    private HttpClient client(Transport transport) {
        return clients.computeIfAbsent(transport, key -> key.client().build());
    }

    private HttpRequest request(Transport transport, String path) {
        URI uri = transport.isHttp2() ? jetty.uri(transport, path) : (transport.isSecure() ? secure : plain).uri(path);
        return HttpRequest.newBuilder(uri).build();
    }

    private int abandoned(Transport transport) {
        return transport.isHttp2() ? jetty.abandoned() : (transport.isSecure() ? secure : plain).abandoned();
    }

    private void assertCut(Transport transport, int before) {
        assertThat(eventually(() -> abandoned(transport) == before + 1))
                .as("the server sees the cut")
                .isTrue();
        assertThat(eventually(() -> guards.inFlight() == 0)).isTrue();
        assertThat(guards.tokens()).containsExactly("timeout");
        assertThat(guards.reported()).isEmpty();
    }

    /** Takes all it is given and says what came. */
    private record Listening<T>(BlockingQueue<String> told) implements Flow.Subscriber<T> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(T item) {
            told.add("item");
        }

        @Override
        public void onError(Throwable thrown) {
            told.add("error " + thrown.getClass().getSimpleName());
        }

        @Override
        public void onComplete() {
            told.add("end");
        }
    }

    /** A body without an end. */
    private static final class Endless extends InputStream {
        @Override
        public int read() {
            return 'x';
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            return length; // whatever was there
        }
    }

    /** A body that never begins. */
    private record Nothing() implements Flow.Subscription {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    }
}
