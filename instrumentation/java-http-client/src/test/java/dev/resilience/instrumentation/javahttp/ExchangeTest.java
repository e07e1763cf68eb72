package dev.resilience.instrumentation.javahttp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.StaticAnswer;
import dev.resilience.testkit.ScriptedGuards;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The orders of events that a fast server and a slow caller bring about only now and then. */
class ExchangeTest {
    private static final HttpRequest REQUEST =
            HttpRequest.newBuilder(URI.create("http://shop.example/")).build();
    private static final StaticAnswer ANSWER =
            new StaticAnswer(200, "text/plain", Map.of(), "instead".getBytes(StandardCharsets.UTF_8), null);

    private final ScriptedGuards guards = new ScriptedGuards();
    private final CompletableFuture<HttpResponse<String>> work = new CompletableFuture<>();

    @Test
    void anAnswerMayBeReplacedBeforeTheLibraryHandsItsFutureOver() throws Exception {
        guards.fallBackTo(ANSWER, "503");
        Exchange<String> exchange = admitted();

        BodySubscriber<String> body = exchange.handler().apply(new Head(503));
        CompletableFuture<HttpResponse<String>> out = exchange.watch(work);

        // neither the body nor the library's future ever ends
        assertThat(out.get(10, TimeUnit.SECONDS).body()).isEqualTo("instead");
        assertThat(body).isInstanceOf(BoundedBody.class);
        assertThat(guards.fallbacks()).containsExactly("served");
    }

    @Test
    void anAnswerMayBeReplacedAfterTheLibraryHandedItsFutureOver() throws Exception {
        guards.fallBackTo(ANSWER, "503");
        Exchange<String> exchange = admitted();

        CompletableFuture<HttpResponse<String>> out = exchange.watch(work);
        exchange.handler().apply(new Head(503));
        work.completeExceptionally(new IllegalStateException("too late"));

        assertThat(out.get(10, TimeUnit.SECONDS).body()).isEqualTo("instead");
        assertThat(guards.fallbacks()).containsExactly("served");
    }

    @Test
    void aReplacedAnswerIsHandedOnOnceWhenTheLibraryIsDoneFirst() throws Exception {
        guards.fallBackTo(ANSWER, "503");
        Exchange<String> exchange = admitted();

        exchange.handler().apply(new Head(503));
        work.completeExceptionally(new IllegalStateException("of the body nobody reads"));
        CompletableFuture<HttpResponse<String>> out = exchange.watch(work);

        assertThat(out.get(10, TimeUnit.SECONDS).body()).isEqualTo("instead");
        assertThat(guards.fallbacks()).containsExactly("served");
    }

    @Test
    void aCallThatFailsWhileItsHandlerTakesTheFallbackTellsThatItWasNotServed() {
        guards.fallBackTo(ANSWER, "503");
        IllegalStateException reset = new IllegalStateException("reset");
        Exchange<String> exchange = new Exchange<>(
                HttpClient.newHttpClient(),
                guard(),
                guards.faults(),
                REQUEST,
                info -> {
                    work.completeExceptionally(reset);
                    return BodyHandlers.ofString().apply(info);
                },
                false,
                false,
                false,
                null);
        guard().tryAcquire(exchange);
        CompletableFuture<HttpResponse<String>> out = exchange.watch(work);

        exchange.handler().apply(new Head(503));

        assertThat(out).failsWithin(10, TimeUnit.SECONDS).withThrowableThat().withCause(reset);
        assertThat(guards.fallbacks()).hasSize(1).first().asString().startsWith("failed: ");
    }

    private Exchange<String> admitted() {
        Guard guard = guard();
        Exchange<String> exchange = new Exchange<>(
                HttpClient.newHttpClient(),
                guard,
                guards.faults(),
                REQUEST,
                BodyHandlers.ofString(),
                false,
                false,
                false,
                null);
        assertThat(guard.tryAcquire(exchange)).isNull();
        return exchange;
    }

    private Guard guard() {
        return Objects.requireNonNull(guards.http("GET", REQUEST.uri()));
    }

    private record Head(int statusCode) implements ResponseInfo {
        @Override
        public HttpHeaders headers() {
            return HttpHeaders.of(Map.of(), (name, value) -> true);
        }

        @Override
        public HttpClient.Version version() {
            return HttpClient.Version.HTTP_1_1;
        }
    }
}
