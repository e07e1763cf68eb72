package dev.resilience.instrumentation.javahttp;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.resilience.testkit.FaultyHttpServer;
import dev.resilience.testkit.RealGuards;
import dev.resilience.testkit.ScriptedGuards;
import dev.resilience.testkit.Woven;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bodies that stop half-way, under the real guard. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class ReadStallsTest {
    private static final String CUT = "resilience: call cut: read_stall (100): nothing more of its answer for 300ms";

    private final ScriptedGuards scripted = JavaHttpClientContractTest.scripted();
    private final JettyServer jetty = new JettyServer();
    private final FaultyHttpServer plain;
    private final FaultyHttpServer secure;
    private final Map<Transport, HttpClient> clients = new ConcurrentHashMap<>();
    private final Woven woven;
    private RealGuards guards = new RealGuards();

    ReadStallsTest() throws IOException {
        plain = JavaHttpClientContractTest.server(Transport.HTTP_1);
        secure = JavaHttpClientContractTest.server(Transport.HTTPS_1);
        woven = Woven.with(new JavaHttpClientModule(), scripted);
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
        scripted.reset();
        guard("defaults.stall-after=300ms");
    }

    @AfterEach
    void noFaults() {
        scripted.reset();
        assertThat(guards.faults()).isEmpty();
    }

    private void guard(String... more) {
        String[] properties = Stream.concat(
                        Stream.of("mode=enforce", "defaults.deadline=none", "defaults.breaker.strategy=off"),
                        Stream.of(more))
                .toArray(String[]::new);
        guards = new RealGuards(properties);
        scripted.giveWayTo(guards.registry());
    }

    @ParameterizedTest
    @EnumSource
    void endACallThatCollectsItsBody(Transport transport) {
        int before = abandoned(transport);
        assertThatThrownBy(() -> client(transport).send(request(transport, "/stall"), BodyHandlers.ofString()))
                .isExactlyInstanceOf(HttpTimeoutException.class)
                .hasMessageStartingWith(CUT);
        assertThatThrownBy(() -> client(transport)
                        .sendAsync(request(transport, "/stall"), BodyHandlers.ofByteArray())
                        .get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isExactlyInstanceOf(HttpTimeoutException.class)
                .hasMessageStartingWith(CUT);
        assertThat(eventually(() -> abandoned(transport) == before + 2))
                .as("the server sees the cut")
                .isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void areToldToWhoReadsAsItComes(Transport transport) throws Exception {
        int before = abandoned(transport);
        try (InputStream body = client(transport)
                .send(request(transport, "/stall"), BodyHandlers.ofInputStream())
                .body()) {
            assertThatThrownBy(body::readAllBytes)
                    .isInstanceOf(IOException.class)
                    .hasRootCauseInstanceOf(HttpTimeoutException.class)
                    .rootCause()
                    .hasMessageStartingWith(CUT);
        }
        try (Stream<String> lines = client(transport)
                .send(request(transport, "/stall"), BodyHandlers.ofLines())
                .body()) {
            assertThatThrownBy(lines::count).hasRootCauseInstanceOf(HttpTimeoutException.class);
        }
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        client(transport)
                .send(request(transport, "/stall"), BodyHandlers.ofPublisher())
                .body()
                .subscribe(new Listening<>(told));
        assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("item");
        assertThat(told.poll(10, TimeUnit.SECONDS)).startsWith("java.net.http.HttpTimeoutException: " + CUT);
        assertThat(eventually(() -> abandoned(transport) == before + 3))
                .as("the server sees the cut")
                .isTrue();
        assertThat(told).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void areNoneWhereTheReaderTakesItsTime(Transport transport) throws Exception {
        HttpResponse<InputStream> response =
                client(transport).send(request(transport, "/status/200"), BodyHandlers.ofInputStream());
        TimeUnit.MILLISECONDS.sleep(900);
        try (InputStream body = response.body()) {
            assertThat(body.readAllBytes()).isNotEmpty();
        }
    }

    /** Each piece comes in time, so only a deadline ends it. */
    @Test
    void areNoneWhereTheBodyDripsInTime() {
        guard("defaults.stall-after=1s", "defaults.deadline=3s");
        assertThatThrownBy(() ->
                        client(Transport.HTTP_1).send(request(Transport.HTTP_1, "/drip"), BodyHandlers.ofString()))
                .isExactlyInstanceOf(HttpTimeoutException.class)
                .hasMessageContaining("deadline_exhausted (100)");
    }

    @Test
    void comeBeforeALaterDeadlineAndNotAfterASoonerOne() {
        guard("defaults.stall-after=300ms", "defaults.deadline=20s");
        assertThatThrownBy(() ->
                        client(Transport.HTTP_1).send(request(Transport.HTTP_1, "/stall"), BodyHandlers.ofString()))
                .hasMessageStartingWith(CUT);
        assertThatThrownBy(() -> {
                    try (InputStream body = client(Transport.HTTP_1)
                            .send(request(Transport.HTTP_1, "/stall"), BodyHandlers.ofInputStream())
                            .body()) {
                        body.readAllBytes();
                    }
                })
                .hasRootCauseInstanceOf(HttpTimeoutException.class)
                .rootCause()
                .hasMessageStartingWith(CUT);
        assertThat(guards.registry().inFlight()).isZero();

        guard("defaults.stall-after=20s", "defaults.deadline=300ms");
        assertThatThrownBy(() ->
                        client(Transport.HTTP_1).send(request(Transport.HTTP_1, "/stall"), BodyHandlers.ofString()))
                .hasMessageContaining("deadline_exhausted (100)");
    }

    @Test
    void areFollowedByTheFallbackOfACallThatHasNoAnswerYet() throws Exception {
        guard("defaults.stall-after=300ms", "defaults.fallback.static.body=instead");
        assertThat(client(Transport.HTTP_1)
                        .send(request(Transport.HTTP_1, "/stall"), BodyHandlers.ofString())
                        .body())
                .isEqualTo("instead");
        assertThat(guards.fallbacks()).containsExactly("static");
    }

    @Test
    void openTheCircuitByThreeInARowThoughEachHadAHead() throws Exception {
        for (int round = 0; round < 5; round++) {
            guard("defaults.stall-after=300ms", "defaults.breaker.strategy=adaptive");
            for (int i = 0; i < 3; i++) {
                try (InputStream body = client(Transport.HTTP_1)
                        .send(request(Transport.HTTP_1, "/stall"), BodyHandlers.ofInputStream())
                        .body()) {
                    assertThatThrownBy(body::readAllBytes).isInstanceOf(IOException.class);
                }
            }
            Throwable refused = catchThrowable(() ->
                    client(Transport.HTTP_1).send(request(Transport.HTTP_1, "/status/200"), BodyHandlers.ofString()));
            if (refused != null) { // else a pause of the machine, after which its first probe was due
                assertThat(refused)
                        .hasMessageContaining("circuit_open (102)")
                        .hasMessageContaining(", read stalls=3 in a row");
                return;
            }
        }
        throw new AssertionError("never refused");
    }

    @Test
    void areNoneWhereTheApplicationsExecutorIsBusy() throws Exception {
        ExecutorService one = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "one of the application's");
            thread.setDaemon(true);
            return thread;
        });
        CountDownLatch isBusy = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        HttpClient slow = HttpClient.newBuilder().executor(one).build();
        try (Answers server = new Answers()) {
            server.says(200, "", "x".repeat(1_000_000));
            HttpResponse<InputStream> response = slow.send(
                    HttpRequest.newBuilder(URI.create(server.url("/"))).build(), BodyHandlers.ofInputStream());
            one.execute(() -> {
                isBusy.countDown();
                try {
                    busy.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            // What the client does on it as this begins to read would go on for as long as this reads.
            assertThat(isBusy.await(10, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Integer> read = CompletableFuture.supplyAsync(() -> {
                try (InputStream body = response.body()) {
                    return body.readAllBytes().length;
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            TimeUnit.MILLISECONDS.sleep(1_200);
            assertThat(read).isNotDone();
            busy.countDown();
            assertThat(read.get(10, TimeUnit.SECONDS)).isEqualTo(1_000_000);
        } finally {
            busy.countDown();
            one.shutdownNow();
        }
    }

    @Test
    void areNoneOfACallThatItsCallerHasCancelled() throws Exception {
        guard(
                "defaults.stall-after=1s",
                "defaults.breaker.strategy=consecutive",
                "defaults.breaker.consecutive-failures=1");
        assertThat(eventually(() -> plain.stuck() == 0))
                .as("what other tests left")
                .isTrue();
        int before = abandoned(Transport.HTTP_1);
        CompletableFuture<HttpResponse<String>> call =
                client(Transport.HTTP_1).sendAsync(request(Transport.HTTP_1, "/stall"), BodyHandlers.ofString());
        assertThat(eventually(() -> plain.stuck() == 1)).isTrue();
        call.cancel(true);
        assertThat(eventually(() -> abandoned(Transport.HTTP_1) == before + 1)).isTrue();
        TimeUnit.MILLISECONDS.sleep(1_300);
        assertThat(client(Transport.HTTP_1)
                        .send(request(Transport.HTTP_1, "/status/200"), BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(200);
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
            told.add(thrown.toString());
        }

        @Override
        public void onComplete() {
            told.add("end");
        }
    }
}
