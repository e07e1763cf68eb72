package dev.resilience.instrumentation.javahttp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.testkit.ScriptedGuards;
import dev.resilience.testkit.Woven;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ServerSocketFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A WebSocket is no call: neither its handshake nor what follows has a guard. */
@Timeout(30)
class WebSocketTest {
    private static final Duration DEADLINE = Duration.ofMillis(100);
    // not the common pool: the client needs that
    private static final ExecutorService THREAD = Executors.newSingleThreadExecutor();

    private final ScriptedGuards guards = JavaHttpClientContractTest.scripted();
    private final Woven woven = Woven.with(new JavaHttpClientModule(), guards);

    @AfterAll
    static void end() {
        THREAD.shutdownNow();
    }

    @BeforeEach
    void reset() {
        guards.reset();
    }

    @AfterEach
    void close() {
        woven.close();
    }

    @ParameterizedTest
    @EnumSource
    void isOpenedWhileEveryCallIsRefused(Transport transport) throws Exception {
        guards.refuse();
        assertThat(conversation(transport)).isEqualTo("hello to you");
        assertNoCall();
    }

    @ParameterizedTest
    @EnumSource
    void outlivesTheDeadlineOfCalls(Transport transport) throws Exception {
        guards.bound(DEADLINE);
        assertThat(conversation(transport)).isEqualTo("hello to you");
        assertNoCall();
    }

    @ParameterizedTest
    @EnumSource
    void isNotSeenWhileObserving(Transport transport) throws Exception {
        assertThat(conversation(transport)).isEqualTo("hello to you");
        assertNoCall();
    }

    private void assertNoCall() {
        assertThat(guards.admitted()).isZero();
        assertThat(guards.endings()).isEmpty();
        assertThat(guards.reported()).isEmpty();
    }

    private static String conversation(Transport transport) throws Exception {
        ServerSocketFactory sockets = transport.isSecure()
                ? Certificate.context().getServerSocketFactory()
                : ServerSocketFactory.getDefault();
        try (ServerSocket listener = sockets.createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> server = CompletableFuture.runAsync(() -> serve(listener), THREAD);
            Listener application = new Listener();
            WebSocket socket = transport
                    .client()
                    .build()
                    .newWebSocketBuilder()
                    .buildAsync(
                            URI.create((transport.isSecure() ? "wss" : "ws") + "://127.0.0.1:" + listener.getLocalPort()
                                    + "/"),
                            application)
                    .get(10, TimeUnit.SECONDS);
            socket.sendText("hello", true).get(10, TimeUnit.SECONDS);
            String heard = application.heard.poll(10, TimeUnit.SECONDS);
            socket.abort();
            server.get(10, TimeUnit.SECONDS);
            return String.valueOf(heard);
        }
    }

    /** Opens a WebSocket, and answers its first message after the deadline of calls. */
    private static void serve(ServerSocket listener) {
        try (Socket socket = listener.accept()) {
            InputStream input = socket.getInputStream();
            OutputStream output = socket.getOutputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) input.read());
            }
            output.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Accept: " + accept(head.toString()) + "\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            output.flush();
            String text = read(input);
            LockSupport.parkNanos(DEADLINE.multipliedBy(3).toNanos());
            byte[] answer = (text + " to you").getBytes(StandardCharsets.UTF_8);
            output.write(new byte[] {(byte) 0x81, (byte) answer.length});
            output.write(answer);
            output.flush();
            socket.setSoTimeout(5_000);
            while (input.read() >= 0) {
                // until the client has gone
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String accept(String head) {
        String key = head.lines()
                .filter(line -> line.regionMatches(true, 0, "Sec-WebSocket-Key:", 0, 18))
                .map(line -> line.substring(18).trim())
                .findFirst()
                .orElseThrow();
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1")
                            .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                                    .getBytes(StandardCharsets.ISO_8859_1)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One short masked text frame. */
    private static String read(InputStream input) throws IOException {
        byte[] start = input.readNBytes(6);
        byte[] text = input.readNBytes(start[1] & 0x7f);
        for (int i = 0; i < text.length; i++) {
            text[i] ^= start[2 + i % 4];
        }
        return new String(text, StandardCharsets.UTF_8);
    }

    /** The application's. */
    private static final class Listener implements WebSocket.Listener {
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            heard.add(text.toString());
            socket.request(1);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable thrown) {
            heard.add(thrown.toString());
        }
    }
}
