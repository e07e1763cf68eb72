package dev.resilience.instrumentation.javahttp;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The contract over HTTP/2 without TLS, where a cancel ends a stream and leaves its connection. */
class Http2ContractTest extends JavaHttpClientContractTest {
    private final Server jetty = new Server();
    private final AtomicInteger arrived = new AtomicInteger();
    private final AtomicInteger abandoned = new AtomicInteger();

    Http2ContractTest() throws Exception {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendDateHeader(false);
        configuration.setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(
                jetty,
                1,
                1,
                new HttpConnectionFactory(configuration),
                new HTTP2CServerConnectionFactory(configuration));
        connector.setHost("127.0.0.1");
        jetty.addConnector(connector);
        jetty.setHandler(new Behaving());
        jetty.start();
    }

    @AfterAll
    void stop() throws Exception {
        jetty.stop();
    }

    @Override
    URI uri(String path) {
        return jetty.getURI().resolve(path);
    }

    @Override
    protected int arrived() {
        return arrived.get();
    }

    @Override
    protected int abandoned() {
        return abandoned.get();
    }

    @Test
    void speaksHttp2() throws Exception {
        HttpResponse<String> response = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri("/status/200")).build(), BodyHandlers.ofString());
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
    }

    @Test
    void aReaderOfAStalledStreamIsToldAndTheStreamIsReset() throws Exception {
        guards.bound(Duration.ofMillis(300));
        int before = abandoned.get();
        HttpResponse<InputStream> response = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri("/stall")).build(), BodyHandlers.ofInputStream());
        assertThatThrownBy(() -> response.body().readAllBytes())
                .isInstanceOf(IOException.class)
                .hasRootCauseInstanceOf(HttpTimeoutException.class);
        assertThat(eventually(() -> abandoned.get() > before)).isTrue();
        assertThat(guards.tokens()).containsExactly("timeout");
    }

    private final class Behaving extends Handler.Abstract.NonBlocking {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            arrived.incrementAndGet();
            String[] parts = request.getHttpURI().getPath().split("/", -1);
            if (parts[1].equals("status")) {
                byte[] body = ("body of " + parts[2]).getBytes(StandardCharsets.UTF_8);
                response.setStatus(Integer.parseInt(parts[2]));
                response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
                response.write(true, ByteBuffer.wrap(body), callback);
                return true;
            }
            request.addFailureListener(failure -> {
                abandoned.incrementAndGet();
                callback.failed(failure);
            });
            if (parts[1].equals("stall")) {
                response.write(false, ByteBuffer.wrap(new byte[10]), Callback.NOOP);
            }
            return true;
        }
    }
}
