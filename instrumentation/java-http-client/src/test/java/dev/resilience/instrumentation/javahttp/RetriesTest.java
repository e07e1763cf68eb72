package dev.resilience.instrumentation.javahttp;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.resilience.agent.guard.RetryUse;
import dev.resilience.testkit.RealGuards;
import dev.resilience.testkit.ScriptedGuards;
import dev.resilience.testkit.Woven;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls made again by the real guard, over real sockets. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class RetriesTest {
    private final ScriptedGuards scripted = JavaHttpClientContractTest.scripted();
    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicInteger requests = new AtomicInteger();
    private final Woven woven;
    private Answers server;
    private RealGuards guards;

    RetriesTest() {
        woven = Woven.with(new JavaHttpClientModule(), scripted);
    }

    @AfterAll
    void unweave() {
        woven.close();
    }

    @BeforeEach
    void start() throws IOException {
        scripted.reset();
        server = new Answers();
        server.says(200, "", "fine");
        guard("retry.attempts=3");
    }

    @AfterEach
    void stop() {
        scripted.reset();
        server.close();
        assertThat(eventually(() -> guards.registry().inFlight() == 0)).isTrue();
        assertThat(guards.faults()).isEmpty();
    }

    /** @param more of the policy, or a mode; the last of two that say the same counts */
    private void guard(String... more) {
        List<String> properties = new ArrayList<>(List.of(
                "mode=enforce",
                "policies.shop.match.port=" + server.port(),
                "policies.shop.breaker.strategy=consecutive",
                "policies.shop.breaker.consecutive-failures=50",
                "policies.shop.deadline=5s"));
        if (List.of(more).stream().anyMatch(each -> each.startsWith("retry."))) {
            properties.add("policies.shop.retry.budget=100%");
        }
        for (String each : more) {
            properties.add(each.startsWith("mode=") ? each : "policies.shop." + each);
        }
        guards = new RealGuards(properties.toArray(String[]::new));
        scripted.giveWayTo(guards.registry());
    }

    /** One that nobody made before. */
    private HttpRequest.Builder request() {
        return HttpRequest.newBuilder(URI.create(server.url("/a?" + requests.incrementAndGet())));
    }

    private String send(HttpRequest request) throws Exception {
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    private String sendAsync(HttpRequest request) throws Exception {
        HttpResponse<String> response =
                client.sendAsync(request, BodyHandlers.ofString()).get(20, TimeUnit.SECONDS);
        return response.statusCode() + " " + response.body();
    }

    private List<String> retries() {
        return guards.retried().stream()
                .map(retry -> retry.attempts() + " " + retry.by() + " " + retry.reason() + " " + retry.ending())
                .toList();
    }

    /** Puts into the budget what this many calls put there. */
    private void earn(int calls) throws Exception {
        for (int i = 0; i < calls; i++) {
            assertThat(send(request().build())).isEqualTo("200 fine");
        }
    }

    /** The client itself asks once more where a connection ends before it has said anything. */
    private void first(String answer) {
        server.first(answer);
        if (answer.equals("reset")) {
            server.first(answer);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"503", "reset", "502|Connection: close", "503|Retry-After: 0"})
    void answersByTheSecondAttempt(String first) throws Exception {
        first(first);
        assertThat(send(request().build())).isEqualTo("200 fine");
        first(first);
        assertThat(sendAsync(request().build())).isEqualTo("200 fine");

        assertThat(server.arrived()).isEqualTo(first.equals("reset") ? 6 : 4);
        String token = first.equals("reset") ? "io" : first.substring(0, 3);
        assertThat(retries()).containsExactly("1 agent again " + token, "1 agent again " + token);
        assertThat(guards.registry().retries())
                .containsExactly(new RetryUse("shop", "http://127.0.0.1:" + server.port(), 2, 0, 0));
    }

    @Test
    void handsOnTheLastAnswer() throws Exception {
        earn(8);
        server.first("503", "504", "502");
        assertThat(send(request().build())).isEqualTo("502 answer 502");
        server.first("503", "reset", "reset", "404");
        assertThat(sendAsync(request().build())).isEqualTo("404 answer 404");
        server.first("503", "503", "reset", "reset");
        assertThatThrownBy(() -> send(request().build())).isInstanceOf(IOException.class);
    }

    @Test
    void leavesWhatIsNotIdempotent() throws Exception {
        HttpRequest post = request().POST(BodyPublishers.ofString("text")).build();
        server.first("503");
        assertThat(send(post)).isEqualTo("503 answer 503");
        assertThat(retries()).containsExactly("1 agent not_idempotent 503");

        HttpRequest keyed = request()
                .header("Idempotency-Key", "7")
                .POST(BodyPublishers.ofString("text"))
                .build();
        server.first("503");
        assertThat(send(keyed)).isEqualTo("200 fine");
        assertThat(server.arrived()).isEqualTo(3);
        assertThat(server.heads().get(2)).containsIgnoringCase("Idempotency-Key: 7");
    }

    @Test
    void leavesBodiesThatItCannotSendAgain(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("body"), "text");
        List<BodyPublisher> replayable = List.of(
                BodyPublishers.ofString("text"),
                BodyPublishers.ofByteArray("text".getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                BodyPublishers.ofFile(file),
                BodyPublishers.noBody());
        for (BodyPublisher body : replayable) {
            server.first("503");
            assertThat(send(request().PUT(body).build())).isEqualTo("200 fine");
        }
        List<BodyPublisher> others = List.of(
                BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[3])),
                BodyPublishers.fromPublisher(BodyPublishers.ofString("text"), 4));
        for (BodyPublisher body : others) {
            server.first("503|Connection: close");
            HttpRequest.Builder put = request().PUT(body);
            assertThat(send(put.build())).isEqualTo("503 answer 503");
        }
    }

    @Test
    void waitsAsLongAsItsTargetSays() throws Exception {
        server.first("503|Retry-After: 1");
        long began = System.nanoTime();
        assertThat(send(request().build())).isEqualTo("200 fine");
        assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(1_000_000_000);

        server.first("503|Retry-After: 9");
        assertThat(send(request().build())).startsWith("503");
        assertThat(retries()).endsWith("1 agent no_time 503");
    }

    @Test
    void keepsTheDeadlineOfTheCall() {
        guard("retry.attempts=5", "deadline=2s");
        server.first("503", "503");
        server.hangs();
        long began = System.nanoTime();
        assertThatThrownBy(() -> send(request().build()))
                .isInstanceOf(HttpTimeoutException.class)
                .hasMessageContaining("deadline_exhausted");
        assertThat(System.nanoTime() - began).isBetween(1_990_000_000L, 6_000_000_000L);
        assertThat(server.arrived()).isEqualTo(3);
    }

    @Test
    void keepsTheTimeoutOfTheCaller() {
        server.first("503", "503");
        server.hangs();
        long began = System.nanoTime();
        assertThatThrownBy(() -> send(request().timeout(Duration.ofSeconds(2)).build()))
                .isInstanceOf(HttpTimeoutException.class);
        assertThat(System.nanoTime() - began).isBetween(1_990_000_000L, 6_000_000_000L);
        assertThat(server.arrived()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"half", "stall"})
    void answersByTheSecondAttemptWhereAnAnswerStopsHalfWay(String first) throws Exception {
        guard("retry.attempts=3", "stall-after=300ms");
        server.first(first);
        assertThat(send(request().build())).isEqualTo("200 fine");
        server.first(first);
        assertThat(sendAsync(request().build())).isEqualTo("200 fine");
        assertThat(server.arrived()).isEqualTo(4);
        String ending = first.equals("half") ? "io" : "timeout";
        assertThat(retries()).containsExactly("1 agent again " + ending, "1 agent again " + ending);
        assertThat(guards.registry().inFlight()).isZero();
    }

    @Test
    void leavesADeletionWhoseAnswerStopsHalfWay() throws Exception {
        server.first("half");
        assertThatThrownBy(() -> send(request().DELETE().build())).isInstanceOf(IOException.class);
        assertThat(server.arrived()).isOne();
        server.first("half", "404");
        assertThat(send(request().DELETE().header("Idempotency-Key", "1").build()))
                .isEqualTo("404 answer 404");
    }

    /** One of a second, which was long over when the body had stalled. */
    @Test
    void leavesTheBodyOutOfAnAdaptiveDeadline() throws Exception {
        guard("retry.attempts=2", "deadline=adaptive", "stall-after=1200ms");
        earn(110);
        server.first("stall");
        assertThat(send(request().build())).isEqualTo("200 fine");
        assertThat(retries()).containsExactly("1 agent again timeout");
    }

    @Test
    void givesTheLastStallWhenAttemptsAreSpent() {
        guard("retry.attempts=2", "stall-after=300ms");
        server.first("stall", "stall");
        assertThatThrownBy(() -> send(request().build()))
                .isInstanceOf(HttpTimeoutException.class)
                .hasMessageContaining("read_stall (100)");
        assertThat(server.arrived()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"half", "stall"})
    void leavesAnAnswerThatTheApplicationHasSeenAnythingOf(String first) throws Exception {
        guard("retry.attempts=3", "stall-after=300ms");
        server.first(first);
        HttpResponse<InputStream> streamed = client.send(request().build(), BodyHandlers.ofInputStream());
        assertThatThrownBy(() -> streamed.body().readAllBytes()).isInstanceOf(IOException.class);
        server.first(first);
        assertThatThrownBy(() -> client.send(request().build(), BodyHandlers.fromLineSubscriber(new Lines())))
                .isInstanceOf(IOException.class);
        assertThat(server.arrived()).isEqualTo(2);
        assertThat(guards.retried()).noneMatch(retry -> retry.reason().equals("again"));
    }

    @Test
    void tellsTheHandlerOfOneAnswer() throws Exception {
        AtomicInteger told = new AtomicInteger();
        server.first("503", "503");
        HttpResponse<String> response = client.send(request().build(), info -> {
            told.incrementAndGet();
            return BodySubscribers.ofString(java.nio.charset.StandardCharsets.UTF_8);
        });
        assertThat(response.body()).isEqualTo("fine");
        assertThat(told.get()).isOne();
    }

    @Test
    void givesTheChainWhenAttemptsAreSpent() throws Exception {
        guard("retry.attempts=2", "fallback.static.body=instead");
        server.first("503", "503");
        assertThat(send(request().build())).isEqualTo("200 instead");
        server.first("503", "503");
        assertThat(sendAsync(request().build())).isEqualTo("200 instead");
        assertThat(server.arrived()).isEqualTo(4);
        assertThat(guards.fallbacks()).containsExactly("static", "static");
    }

    @Test
    void handsOnWhatItHasWhenTheNextAttemptIsRefused() throws Exception {
        guard("retry.attempts=2", "retry.backoff=400ms", "breaker.consecutive-failures=2");
        for (int round = 0; round < 20; round++) {
            server.first("503");
            CompletableFuture<HttpResponse<String>> first =
                    client.sendAsync(request().build(), BodyHandlers.ofString());
            assertThat(eventually(() -> server.arrived() > 0)).isTrue();
            server.first("503");
            Throwable refused = catchThrowable(
                    () -> send(request().POST(BodyPublishers.noBody()).build()));
            HttpResponse<String> given = first.get(20, TimeUnit.SECONDS);
            if (refused == null
                    && guards.retried().stream()
                            .anyMatch(retry -> retry.reason().equals("again"))
                    && server.arrived() == 2) {
                assertThat(given.statusCode()).isEqualTo(503);
                assertThat(given.body()).isEqualTo("answer 503");
                return;
            }
            server.close();
            server = new Answers();
            server.says(200, "", "fine");
            guard("retry.attempts=2", "retry.backoff=400ms", "breaker.consecutive-failures=2");
        }
        throw new AssertionError("no attempt was waited for");
    }

    @Test
    void isGivenUpWhileItWaits() throws Exception {
        server.first("503|Retry-After: 2");
        CompletableFuture<HttpResponse<String>> call =
                client.sendAsync(request().build(), BodyHandlers.ofString());
        assertThat(eventually(() -> !guards.retried().isEmpty())).isTrue();
        assertThat(call.cancel(true)).isTrue();
        assertThatThrownBy(() -> call.get(1, TimeUnit.SECONDS))
                .isInstanceOf(java.util.concurrent.CancellationException.class);
        assertThat(guards.registry().inFlight()).isZero();
        TimeUnit.MILLISECONDS.sleep(2_500);
        assertThat(server.arrived()).isOne();
    }

    @Test
    void isGivenUpWhileItIsMadeAgain() throws Exception {
        server.first("503", "hang");
        CompletableFuture<HttpResponse<String>> call =
                client.sendAsync(request().build(), BodyHandlers.ofString());
        assertThat(eventually(() -> server.arrived() == 2)).isTrue();
        call.cancel(true);
        assertThat(eventually(() -> guards.registry().inFlight() == 0)).isTrue();
    }

    @Test
    void runsTheApplicationsStagesWhereTheyAlwaysRun() throws Exception {
        server.first("503");
        String thread = client.sendAsync(request().build(), BodyHandlers.ofString())
                .thenApply(response -> Thread.currentThread().getName())
                .get(20, TimeUnit.SECONDS);
        assertThat(thread).doesNotContain("resilience").doesNotContain("Delay");
    }

    @Test
    void staysWithinTheBudgetOfADeadTarget() {
        guard("retry.attempts=3", "retry.budget=10%", "breaker.consecutive-failures=1000");
        server.says(503, "", "down");
        for (int i = 0; i < 100; i++) {
            try {
                assertThat(send(request().build())).isEqualTo("503 down");
            } catch (Exception impossible) {
                throw new AssertionError(impossible);
            }
        }
        assertThat(server.arrived()).isBetween(105, 120);
    }

    /** Conditions see the request as it is sent. */
    @Test
    void choosesLinksByWhatIsAsked() throws Exception {
        guard(
                "fallback.static.body=instead",
                "fallback.static.when=header(\"X-Tier\") == \"gold\" and path like \"/v1/*\" and has query(\"id\")"
                        + " and host == \"127.0.0.1\" and method == \"GET\"");
        server.says(503, "", "down");
        URI uri = URI.create(server.url("/v1/a?id=7"));
        assertThat(send(HttpRequest.newBuilder(uri).header("x-tier", "gold").build()))
                .isEqualTo("200 instead");
        assertThat(send(HttpRequest.newBuilder(uri).build())).isEqualTo("503 down");
        assertThat(send(HttpRequest.newBuilder(URI.create(server.url("/v1/a")))
                        .header("x-tier", "gold")
                        .build()))
                .isEqualTo("503 down");
        assertThat(guards.fallbacks())
                .containsExactly("static", "static failed: condition_not_met", "static failed: condition_not_met");
    }

    @Test
    void countsTheApplicationsOwn() throws Exception {
        server.first("503");
        HttpRequest post = request().POST(BodyPublishers.noBody()).build();
        send(post);
        send(post);
        assertThat(retries()).containsExactly("1 agent not_idempotent 503", "1 application again 200");
        assertThat(guards.registry().retries().get(0).repeats()).isOne();
    }

    @Test
    void leavesAloneWhatItOnlyObserves() throws Exception {
        guard("mode=observe", "retry.attempts=3");
        server.first("503");
        assertThat(send(request().build())).isEqualTo("503 answer 503");
        assertThat(server.arrived()).isOne();
    }

    @Test
    void failsAsTheTargetDidWhereNobodyAnswers() throws Exception {
        int port = server.port();
        server.close();
        assertThatThrownBy(() -> send(request().build())).isInstanceOf(java.net.ConnectException.class);
        CompletableFuture<HttpResponse<String>> call = client.sendAsync(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port)).build(), BodyHandlers.ofString());
        assertThatThrownBy(() -> call.get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(java.net.ConnectException.class);
        assertThat(retries()).contains("3 agent attempts_spent connect");
    }
}
