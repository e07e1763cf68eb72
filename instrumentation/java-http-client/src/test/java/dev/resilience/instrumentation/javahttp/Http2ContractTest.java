package dev.resilience.instrumentation.javahttp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The contract over HTTP/2 without TLS, where a cancel ends a stream and leaves its connection. */
class Http2ContractTest extends JavaHttpClientContractTest {
    private final JettyServer jetty = new JettyServer();

    Http2ContractTest() throws IOException {}

    @Override
    Transport transport() {
        return Transport.HTTP_2;
    }

    @AfterAll
    void stop() {
        jetty.close();
    }

    @Override
    URI uri(String path) {
        return jetty.uri(transport(), path);
    }

    @Override
    protected int arrived() {
        return jetty.arrived();
    }

    @Override
    protected int abandoned() {
        return jetty.abandoned();
    }

    @Test
    void speaksHttp2() throws Exception {
        HttpResponse<String> response =
                client.send(HttpRequest.newBuilder(uri("/status/200")).build(), BodyHandlers.ofString());
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
    }
}
