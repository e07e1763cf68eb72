package dev.resilience.instrumentation.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** A network between driver and server that counts what passes, and can swallow all of it, or take nothing more. */
final class TcpProxy implements AutoCloseable {
    private static final int BACKLOG = 50;

    private final ServerSocket listener = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<SocketChannel> queued = new CopyOnWriteArrayList<>();
    private final int target;
    final AtomicLong bytesToServer = new AtomicLong();
    final AtomicLong connects = new AtomicLong();
    volatile boolean swallowing;

    /** What a new connection hears while all is swallowed: once it has said something, this and no more. */
    volatile String greeting = "";

    private volatile boolean deaf;

    TcpProxy(int target) throws IOException {
        this.target = target;
        start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        try {
            while (!deaf) {
                Socket client = listener.accept();
                keep(client);
                connects.incrementAndGet();
                if (swallowing) {
                    start(() -> greet(client));
                } else {
                    Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                    keep(server);
                    start(() -> pump(client, server, true));
                    start(() -> pump(server, client, false));
                }
            }
        } catch (IOException closed) {
            // the proxy was closed
        }
    }

    /** From now on a connect is not even refused: its packets get lost, as the queue of those that wait is full. */
    void goDeaf() throws IOException {
        deaf = true;
        for (int i = 0; i < 2 * BACKLOG; i++) {
            SocketChannel waiting = SocketChannel.open();
            waiting.configureBlocking(false);
            waiting.connect(listener.getLocalSocketAddress());
            queued.add(waiting);
        }
    }

    private void greet(Socket client) {
        String said = greeting;
        try {
            if (!said.isEmpty() && client.getInputStream().read(new byte[1024]) > 0) {
                client.getOutputStream().write(said.getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException closed) {
            // the client gave up
        }
    }

    /** What is accepted while the proxy closes is closed here, or whoever waits for its answer would wait for good. */
    private void keep(Socket socket) throws IOException {
        sockets.add(socket);
        if (listener.isClosed()) {
            socket.close();
        }
    }

    private void pump(Socket from, Socket to, boolean toServer) {
        byte[] buffer = new byte[8192];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (toServer) {
                    bytesToServer.addAndGet(read);
                }
                if (!swallowing) {
                    out.write(buffer, 0, read);
                    out.flush();
                }
            }
        } catch (IOException closed) {
            // one side went away, and takes the other with it
        }
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "test-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    /** Ends every connection and takes no more. */
    void cut() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        for (SocketChannel waiting : queued) {
            waiting.close();
        }
    }

    @Override
    public void close() throws IOException {
        cut();
    }
}
