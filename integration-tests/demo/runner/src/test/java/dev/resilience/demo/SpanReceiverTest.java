package dev.resilience.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SpanReceiverTest {
    @Test
    void readsSpansWithTheirDecisions() throws Exception {
        try (SpanReceiver receiver = new SpanReceiver("")) {
            send(receiver, request(), false);

            assertThat(receiver.spans()).singleElement().satisfies(span -> {
                assertThat(span.name()).isEqualTo("price");
                assertThat(span.trace()).isEqualTo("0102");
                assertThat(span.parent()).isEqualTo("03");
                assertThat(span.endNanos() - span.startNanos()).isEqualTo(5);
                assertThat(span.decisions()).containsExactly(Map.of("resilience.reason", "circuit_open"));
            });
            assertThat(receiver.breaker(Dependency.PRICE)).isEqualTo("OPEN");
            assertThat(receiver.onwardReport()).isEmpty();
        }
    }

    @Test
    @Timeout(20)
    void handsThemOnToTheUsersOwnEndpoint() throws Exception {
        try (SpanReceiver own = new SpanReceiver("");
                SpanReceiver receiver = new SpanReceiver(own.endpoint() + "/")) {
            send(receiver, request(), true);

            while (receiver.onwardReport().startsWith("0 ")) {
                Thread.onSpinWait();
            }
            assertThat(receiver.onwardReport())
                    .isEqualTo("1 batches of spans went to " + own.endpoint() + "/v1/traces.");
            assertThat(receiver.spans()).hasSize(1);
            assertThat(own.spans()).isEqualTo(receiver.spans());
        }
    }

    private static void send(SpanReceiver to, byte[] body, boolean zipped) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(to.endpoint() + "/v1/traces")).timeout(Duration.ofSeconds(10));
        if (zipped) {
            ByteArrayOutputStream small = new ByteArrayOutputStream();
            try (OutputStream out = new GZIPOutputStream(small)) {
                out.write(body);
            }
            request.header("Content-Encoding", "gzip").POST(BodyPublishers.ofByteArray(small.toByteArray()));
        } else {
            request.POST(BodyPublishers.ofByteArray(body));
        }
        int status = HttpClient.newHttpClient()
                .send(request.build(), BodyHandlers.discarding())
                .statusCode();
        assertThat(status).isEqualTo(200);
    }

    private static byte[] request() throws IOException {
        byte[] event = message(out -> {
            out.writeString(2, "RESILIENCE_DECISION");
            out.writeByteArray(3, attribute("resilience.reason", "circuit_open"));
        });
        byte[] span = message(out -> {
            out.writeBytes(1, ByteString.copyFrom(new byte[] {1, 2}));
            out.writeBytes(2, ByteString.copyFrom(new byte[] {4}));
            out.writeBytes(4, ByteString.copyFrom(new byte[] {3}));
            out.writeString(5, "price");
            out.writeInt32(6, 3);
            out.writeFixed64(7, 100);
            out.writeFixed64(8, 105);
            out.writeByteArray(9, attribute("resilience.policy", "price"));
            out.writeByteArray(9, attribute("circuit_breaker.state", "OPEN"));
            out.writeByteArray(11, event);
        });
        byte[] scopeSpans = message(out -> out.writeByteArray(2, span));
        byte[] resourceSpans = message(out -> out.writeByteArray(2, scopeSpans));
        return message(out -> out.writeByteArray(1, resourceSpans));
    }

    private static byte[] attribute(String key, String value) throws IOException {
        byte[] text = message(out -> out.writeString(1, value));
        return message(out -> {
            out.writeString(1, key);
            out.writeByteArray(2, text);
        });
    }

    private static byte[] message(Fields fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        fields.write(out);
        out.flush();
        return bytes.toByteArray();
    }

    private interface Fields {
        void write(CodedOutputStream out) throws IOException;
    }
}
