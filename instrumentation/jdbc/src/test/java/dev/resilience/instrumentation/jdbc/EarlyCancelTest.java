package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.SocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a driver does to cancel, begun before it is wanted: connected, and silent until it is told. */
class EarlyCancelTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(20);

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final CompletableFuture<Throwable> thrown = new CompletableFuture<>();

    EarlyCancelTest() throws IOException {
        server.setSoTimeout(10_000);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    /** As a driver does it. */
    private void cancel(SocketFactory factory) {
        SocketFactory noting = new NotingSocketFactory(factory, (site, fault) -> thrown.complete(fault));
        try (Socket socket = noting.createSocket()) {
            socket.connect(server.getLocalSocketAddress());
            socket.getOutputStream().write(42);
            thrown.complete(null);
        } catch (IOException e) {
            thrown.complete(e);
        }
    }

    private CompletableFuture<Void> begin(EarlyCancel early, SocketFactory factory) {
        return CompletableFuture.runAsync(() -> {
            early.run(() -> cancel(factory), LONG);
            early.end();
        });
    }

    private CompletableFuture<Void> begin(EarlyCancel early) {
        return begin(early, SocketFactory.getDefault());
    }

    /** What the server hears: a byte, or -1 at the end without any. */
    private static int hear(Socket connection) throws IOException {
        try (connection) {
            connection.setSoTimeout(10_000);
            return connection.getInputStream().read();
        }
    }

    @Test
    void isSentOnceItIsTold() throws Exception {
        EarlyCancel early = new EarlyCancel(LONG);
        CompletableFuture<Void> running = begin(early);
        try (Socket connection = server.accept()) {
            assertThat(early.isSent()).isFalse();
            Thread.sleep(500);
            assertThat(connection.getInputStream().available()).isZero();

            assertThat(early.send()).isTrue();
            assertThat(early.isBack()).isTrue();
            early.drop();
            assertThat(early.isSent()).isTrue();
            assertThat(early.hiddenNanos()).isBetween(TimeUnit.MILLISECONDS.toNanos(400), early.tookNanos());
            assertThat(hear(connection)).isEqualTo(42);
        }
        running.join();
        assertThat(EarlyCancel.HERE.get()).isNull();
    }

    @Test
    void saysNothingOnceItIsDropped() throws Exception {
        EarlyCancel early = new EarlyCancel(LONG);
        CompletableFuture<Void> running = begin(early);
        Socket connection = server.accept();
        early.drop();

        assertThat(hear(connection)).isEqualTo(-1);
        assertThat(early.send()).isFalse();
        assertThat(early.isBack()).isTrue();
        assertThat(early.isSent()).isFalse();
        running.join();
        assertThat(thrown.join()).isInstanceOf(IOException.class);
    }

    @Test
    void isSentAtOnceWhereItIsToldBeforeItIsConnected() throws Exception {
        EarlyCancel early = new EarlyCancel(LONG);
        assertThat(early.send()).isTrue();
        CompletableFuture<Void> running = begin(early);

        assertThat(hear(server.accept())).isEqualTo(42);
        running.join();
        assertThat(early.isSent()).isTrue();
    }

    @Test
    void dropsItselfWhereNobodyTellsIt() throws Exception {
        EarlyCancel early = new EarlyCancel(-LONG);
        CompletableFuture<Void> running = begin(early);

        assertThat(hear(server.accept())).isEqualTo(-1);
        running.join();
        assertThat(early.send()).isFalse();
        assertThat(early.isSent()).isFalse();
    }

    /** A socket of another kind would send at once. */
    @Test
    void connectsByNoSocketThatCannotBeHeldBack() {
        SocketFactory theirs = new NotingSocketFactory(SocketFactory.getDefault(), (site, fault) -> {});
        EarlyCancel early = new EarlyCancel(LONG);
        begin(early, theirs).join();

        assertThat(thrown.join()).hasMessage("no connection that could be held back");
        assertThat(early.isBack()).isTrue();
        assertThat(early.isSent()).isFalse();
    }

    @Test
    void isNotBegunWhereThirtyTwoWait() throws Exception {
        EarlyCancel[] waiting = new EarlyCancel[32];
        Socket[] connections = new Socket[waiting.length];
        Thread[] threads = new Thread[waiting.length];
        for (int i = 0; i < waiting.length; i++) {
            EarlyCancel each = new EarlyCancel(LONG);
            waiting[i] = each;
            threads[i] = new Thread(() -> each.run(() -> cancel(SocketFactory.getDefault()), LONG));
            threads[i].start();
            connections[i] = server.accept();
        }
        EarlyCancel oneMore = new EarlyCancel(LONG);
        begin(oneMore).join();
        assertThat(oneMore.isBack()).isTrue();
        assertThat(oneMore.send()).isFalse();
        assertThat(oneMore.isSent()).isFalse();

        for (int i = 0; i < waiting.length; i++) {
            waiting[i].drop();
            assertThat(hear(connections[i])).isEqualTo(-1);
            threads[i].join();
        }
        EarlyCancel next = new EarlyCancel(LONG);
        assertThat(next.send()).isTrue();
        begin(next).join();
        assertThat(next.isSent()).isTrue();
    }
}
