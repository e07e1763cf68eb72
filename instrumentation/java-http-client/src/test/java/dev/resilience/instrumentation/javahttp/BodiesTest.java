package dev.resilience.instrumentation.javahttp;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.instrumentation.api.StaticAnswer;
import dev.resilience.testkit.FaultyHttpServer;
import dev.resilience.testkit.ScriptedGuards;
import dev.resilience.testkit.Woven;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(30)
class BodiesTest {
    private static final Duration DEADLINE = Duration.ofSeconds(1);

    private final ScriptedGuards guards = JavaHttpClientContractTest.scripted();
    private final HttpClient client =
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
    private final FaultyHttpServer server;
    private final Woven woven;

    BodiesTest() throws IOException {
        server = new FaultyHttpServer();
        woven = Woven.with(new JavaHttpClientModule(), guards);
    }

    @AfterAll
    void close() throws IOException {
        woven.close();
        server.close();
    }

    @BeforeAll
    void isWoven() throws Exception {
        assertThat(guards.reported()).isEmpty();
        guards.reset();
        send("/status/200", BodyHandlers.discarding()); // the first call of a JVM may take longer than the deadline
    }

    @BeforeEach
    void reset() {
        guards.reset();
    }

    @Nested
    class PastTheDeadline {
        @BeforeEach
        void bound() {
            guards.bound(DEADLINE);
        }

        @Test
        void aReaderOfADrippingStreamIsTold() throws Exception {
            HttpResponse<InputStream> response = send("/drip", BodyHandlers.ofInputStream());
            assertThat(guards.inFlight()).isOne();
            assertThatThrownBy(() -> response.body().readAllBytes())
                    .isInstanceOf(IOException.class)
                    .hasRootCauseInstanceOf(HttpTimeoutException.class);
            assertOver("timeout");
        }

        @Test
        void aReaderOfDrippingLinesIsTold() throws Exception {
            HttpResponse<Stream<String>> response = send("/drip", BodyHandlers.ofLines());
            assertThatThrownBy(() -> response.body().count()).isInstanceOf(UncheckedIOException.class);
            assertOver("timeout");
        }

        @Test
        void aSubscriberIsToldOnceAndNothingAfterIt() throws Exception {
            HttpResponse<Flow.Publisher<List<ByteBuffer>>> response = send("/drip", BodyHandlers.ofPublisher());
            Queue<Object> told = new ConcurrentLinkedQueue<>();
            response.body().subscribe(new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                    subscription.request(Long.MAX_VALUE);
                }

                @Override
                public void onNext(List<ByteBuffer> item) {
                    told.add("item");
                }

                @Override
                public void onError(Throwable thrown) {
                    told.add(thrown);
                }

                @Override
                public void onComplete() {
                    told.add("end");
                }
            });
            assertOver("timeout");
            assertThat(eventually(() -> told.stream().anyMatch(HttpTimeoutException.class::isInstance)))
                    .isTrue();
            assertThat(told).doesNotContain("end").last().isInstanceOf(HttpTimeoutException.class);
        }

        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void aBodyNobodyReadsIsClosedAndCountsAsTheAnswerItWas(boolean publisher) throws Exception {
            HttpResponse<?> response =
                    publisher ? send("/drip", BodyHandlers.ofPublisher()) : send("/drip", BodyHandlers.ofInputStream());
            assertThat(response.statusCode()).isEqualTo(200);
            assertOver("200");
        }

        @Test
        void aBodyReadToItsEndSettlesThere() throws Exception {
            HttpResponse<InputStream> response = send("/status/200", BodyHandlers.ofInputStream());
            assertThat(response.body().readAllBytes()).asString().isEqualTo("body of 200");
            assertThat(eventually(() -> guards.inFlight() == 0)).isTrue();
            assertThat(guards.tokens()).containsExactly("200");
        }

        @Test
        void aBodyClosedEarlyCountsAsTheAnswerItWas() throws Exception {
            int before = server.abandoned();
            send("/drip", BodyHandlers.ofInputStream()).body().close();
            assertThat(eventually(() -> server.abandoned() > before)).isTrue();
            assertThat(eventually(() -> guards.inFlight() == 0)).isTrue();
            assertThat(guards.tokens()).containsExactly("200");
        }

        @ParameterizedTest
        @ValueSource(strings = {"/drip", "/drip/503"})
        void aWholeBodyThatDripsFailsTheCall(String path) {
            long start = System.nanoTime();
            assertThatThrownBy(() -> send(path, BodyHandlers.ofString()))
                    .isExactlyInstanceOf(HttpTimeoutException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(DEADLINE.plusSeconds(3));
            assertOver(path.equals("/drip") ? "timeout" : "503");
        }

        @Test
        void stagesOfTheFutureDoNotRunOnTheAgentsThread() throws Exception {
            String thread = client.sendAsync(request("/hang"), BodyHandlers.ofString())
                    .handle((response, thrown) ->
                            thrown + " on " + Thread.currentThread().getName())
                    .get(10, TimeUnit.SECONDS);
            assertThat(thread).contains("HttpTimeoutException").doesNotContain("resilience-timer");
        }

        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void aDeadlineThatIsOverBeforeTheFutureIsThereIsKept(boolean async) {
            for (int i = 0; i < 50; i++) {
                guards.reset();
                guards.bound(Duration.ofNanos(1));
                assertThatThrownBy(() -> {
                            if (async) {
                                var unused = client.sendAsync(request("/hang"), BodyHandlers.ofString())
                                        .get(10, TimeUnit.SECONDS);
                            } else {
                                send("/hang", BodyHandlers.ofString());
                            }
                        })
                        .hasStackTraceContaining("HttpTimeoutException");
                assertThat(guards.inFlight()).isZero();
            }
            assertThat(eventually(() -> server.stuck() == 0)).isTrue();
        }

        @Test
        void theCallersOwnShorterTimeoutWins() {
            guards.bound(Duration.ofSeconds(30));
            HttpRequest hurried = HttpRequest.newBuilder(server.uri("/hang"))
                    .timeout(Duration.ofSeconds(1))
                    .build();
            assertThatThrownBy(() -> client.send(hurried, BodyHandlers.ofString()))
                    .isExactlyInstanceOf(HttpTimeoutException.class)
                    .hasMessage("request timed out");
            assertOver("timeout");
        }
    }

    @Nested
    class WithAStaticAnswer {
        private final StaticAnswer answer =
                new StaticAnswer(200, "text/plain", Map.of(), "one\ntwo\n".getBytes(StandardCharsets.UTF_8), null);

        @TempDir
        Path directory;

        @ParameterizedTest
        @ValueSource(strings = {"refused", "/status/503", "/drip/503", "/reset"})
        void everyKindOfHandlerGetsIt(String how) throws Exception {
            guards.fallBackTo(answer, "503", "io");
            String path = how;
            if (how.equals("refused")) {
                guards.refuse();
                path = "/status/200";
            }
            assertThat(send(path, BodyHandlers.ofString()).body()).isEqualTo("one\ntwo\n");
            assertThat(send(path, BodyHandlers.ofByteArray()).body()).hasSize(8);
            try (InputStream body = send(path, BodyHandlers.ofInputStream()).body()) {
                assertThat(body).hasContent("one\ntwo\n");
            }
            try (Stream<String> lines = send(path, BodyHandlers.ofLines()).body()) {
                assertThat(lines).containsExactly("one", "two");
            }
            assertThat(send(path, BodyHandlers.discarding()).body()).isNull();
            assertThat(send(path, BodyHandlers.replacing("mine")).body()).isEqualTo("mine");
            assertThat(send(path, BodyHandlers.buffering(BodyHandlers.ofString(), 3))
                            .body())
                    .isEqualTo("one\ntwo\n");
            Path file =
                    send(path, BodyHandlers.ofFile(directory.resolve("body"))).body();
            assertThat(Files.readString(file)).isEqualTo("one\ntwo\n");
            assertThat(send(path, mappedStream()).body()).isEqualTo("one\ntwo\n");
            HttpResponse<String> response =
                    client.sendAsync(request(path), BodyHandlers.ofString()).get(10, TimeUnit.SECONDS);
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.uri()).isEqualTo(server.uri(path));
            assertThat(response.request().uri()).isEqualTo(server.uri(path));
            assertThat(response.previousResponse()).isEmpty();
            assertThat(response.sslSession()).isEmpty();
            assertThat(response.headers().map())
                    .containsOnly(
                            Map.entry("Content-Type", List.of("text/plain")),
                            Map.entry("Content-Length", List.of("8")));
            assertThat(guards.fallbacks()).hasSize(10).containsOnly("served");
            assertThat(guards.reported()).isEmpty();
            assertThat(guards.inFlight()).isZero();
            assertThat(eventually(() -> server.stuck() == 0)).isTrue();
        }

        @Test
        void aHandlerThatCannotTakeItLeavesTheRefusal() {
            guards.fallBackTo(answer);
            guards.refuse();
            assertThatThrownBy(() -> send("/status/200", info -> {
                        throw new IllegalStateException("only XML");
                    }))
                    .isExactlyInstanceOf(IOException.class)
                    .hasMessage(ScriptedGuards.REFUSED);
            assertThat(guards.fallbacks()).singleElement().asString().contains("only XML");
        }

        private BodyHandler<String> mappedStream() {
            return info -> BodySubscribers.mapping(BodySubscribers.ofInputStream(), stream -> {
                try (stream) {
                    return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endingsSayWhatHappened(boolean enforced) throws Exception {
        int closed;
        try (ServerSocket free = new ServerSocket(0)) {
            closed = free.getLocalPort();
        }
        if (enforced) {
            guards.bound(Duration.ofSeconds(30));
        }
        assertThatThrownBy(() -> client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + closed))
                                .build(),
                        BodyHandlers.ofString()))
                .isInstanceOf(ConnectException.class);
        assertThatThrownBy(() -> client.send(
                        HttpRequest.newBuilder(URI.create("http://name.invalid/"))
                                .build(),
                        BodyHandlers.ofString()))
                .isInstanceOf(ConnectException.class);
        assertThatThrownBy(() -> send("/reset", BodyHandlers.ofString())).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> send("/status/200", info -> {
                    throw new IllegalStateException("handler");
                }))
                .hasStackTraceContaining("handler");
        assertThatThrownBy(() -> client.send(
                        HttpRequest.newBuilder(server.uri("/"))
                                .method("CONNECT", HttpRequest.BodyPublishers.noBody())
                                .build(),
                        BodyHandlers.ofString()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(eventually(() -> guards.inFlight() == 0)).isTrue(); // a future may wake its caller before the guard
        assertThat(guards.tokens()).startsWith("connect", "dns", "io").endsWith("other");
        assertThat(guards.reported()).isEmpty();
    }

    @Test
    void aRedirectIsOneCall() throws Exception {
        guards.bound(Duration.ofSeconds(30));
        HttpResponse<String> response = send("/redirect", BodyHandlers.ofString());
        assertThat(response.previousResponse()).isPresent();
        assertThat(guards.tokens()).containsExactly("200");
        assertThat(guards.admitted()).isOne();
    }

    @Test
    void aWebSocketIsLeftAlone() {
        guards.refuse();
        URI address = URI.create(server.uri("/status/200").toString().replace("http:", "ws:"));
        CompletableFuture<WebSocket> opening =
                client.newWebSocketBuilder().buildAsync(address, new WebSocket.Listener() {});
        assertThatThrownBy(() -> opening.get(10, TimeUnit.SECONDS))
                .hasCauseInstanceOf(WebSocketHandshakeException.class);
        assertThat(guards.admitted()).isZero();
    }

    private HttpRequest request(String path) {
        return HttpRequest.newBuilder(server.uri(path)).build();
    }

    private <T> HttpResponse<T> send(String path, BodyHandler<T> handler) throws Exception {
        return client.send(request(path), handler);
    }

    private void assertOver(String token) {
        assertThat(eventually(() -> guards.inFlight() == 0)).isTrue();
        assertThat(guards.tokens()).containsExactly(token);
        assertThat(eventually(() -> server.stuck() == 0))
                .as("the server sees the close")
                .isTrue();
        assertThat(guards.reported()).isEmpty();
    }
}
