package dev.resilience.instrumentation.javahttp;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.StaticAnswer;
import dev.resilience.testkit.ClientContract;
import dev.resilience.testkit.FaultyHttpServer;
import dev.resilience.testkit.ScriptedGuards;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;

class JavaHttpClientContractTest extends ClientContract {
    final HttpClient client = transport().client().build();
    private final FaultyHttpServer server;

    JavaHttpClientContractTest() throws IOException {
        server = server(transport());
    }

    Transport transport() {
        return Transport.HTTP_1;
    }

    /** The plain server that speaks HTTP/1.1 to such a client. */
    static FaultyHttpServer server(Transport transport) throws IOException {
        return transport.isSecure()
                ? new FaultyHttpServer(Certificate.context().getServerSocketFactory())
                : new FaultyHttpServer();
    }

    /** Advice keeps the guards it sees first, so all tests of the JVM share these. */
    static ScriptedGuards scripted() {
        return guards;
    }

    @AfterAll
    void closeServer() throws IOException {
        server.close();
    }

    @Override
    protected ClientModule module() {
        return new JavaHttpClientModule();
    }

    @Override
    protected Map<String, Way> ways() {
        return Map.of("send", new Send(), "sendAsync", new SendAsync());
    }

    @Override
    protected boolean blocks(String way) {
        return way.equals("send");
    }

    URI uri(String path) {
        return server.uri(path);
    }

    @Override
    protected int arrived() {
        return server.arrived();
    }

    @Override
    protected int abandoned() {
        return server.abandoned();
    }

    @Override
    protected String tokenOfAnswer() {
        return "200";
    }

    @Override
    protected String tokenOfNo() {
        return "404";
    }

    @Override
    protected String tokenOfFault() {
        return "503";
    }

    @Override
    protected void assertRefusal(Throwable thrown, String message) {
        assertThat(thrown).isInstanceOf(IOException.class).hasToString("java.io.IOException: " + message);
    }

    @Override
    protected void assertExpiry(Throwable thrown, String message) {
        assertThat(thrown).isExactlyInstanceOf(HttpTimeoutException.class).hasMessage(message);
    }

    @Override
    protected StaticAnswer staticAnswer() {
        return new StaticAnswer(
                203,
                "application/json",
                Map.of("X-From", List.of("policy")),
                "{}".getBytes(StandardCharsets.UTF_8),
                null);
    }

    @Override
    protected String textOfStaticAnswer() {
        return "203 HTTP_1_1 {Content-Length=[2], Content-Type=[application/json], X-From=[policy]} {}";
    }

    private HttpRequest request(Behaviour behaviour) {
        String path = switch (behaviour) {
            case ANSWERS -> "/status/200";
            case SAYS_NO -> "/status/404";
            case FAILS -> "/status/503";
            case HANGS -> "/hang";
        };
        return HttpRequest.newBuilder(uri(path)).build();
    }

    private static String text(HttpResponse<String> response) {
        return response.statusCode() + " " + response.version() + " "
                + response.headers().map() + " " + response.body();
    }

    private final class Send implements Way {
        @Override
        public String call(Behaviour behaviour) throws Exception {
            return text(client.send(request(behaviour), BodyHandlers.ofString()));
        }

        @Override
        public boolean giveUp() throws Exception {
            var thread = Executors.newSingleThreadExecutor();
            try {
                int before = arrived();
                Future<?> call = thread.submit(() -> this.call(Behaviour.HANGS));
                assertThat(eventually(() -> arrived() > before)).isTrue();
                call.cancel(true);
                thread.shutdown();
                return thread.awaitTermination(10, java.util.concurrent.TimeUnit.SECONDS);
            } finally {
                thread.shutdownNow();
            }
        }
    }

    private final class SendAsync implements Way {
        @Override
        public String call(Behaviour behaviour) throws Exception {
            try {
                return text(client.sendAsync(request(behaviour), BodyHandlers.ofString())
                        .get());
            } catch (ExecutionException thrown) {
                throw thrown.getCause() instanceof Exception cause ? cause : thrown;
            }
        }

        @Override
        public boolean giveUp() {
            int before = arrived();
            CompletableFuture<HttpResponse<String>> call =
                    client.sendAsync(request(Behaviour.HANGS), BodyHandlers.ofString());
            assertThat(eventually(() -> arrived() > before)).isTrue();
            return call.cancel(true);
        }
    }
}
