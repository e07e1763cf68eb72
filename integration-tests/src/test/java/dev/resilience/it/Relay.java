package dev.resilience.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A TCP relay in front of a server: keeps what clients send, swallows it, or hangs up. */
final class Relay implements AutoCloseable {
    private final ServerSocket listener;
    private final int target;
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicLong sent = new AtomicLong();
    private final List<ByteArrayOutputStream> conversations = new CopyOnWriteArrayList<>();
    private final AtomicInteger open = new AtomicInteger();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Daemons.named("relay");
    private volatile boolean swallowing;
    private volatile boolean hangingUp;
    private volatile boolean deaf;
    private volatile String greeting = "";

    Relay(int target) {
        this(listener(100), target);
    }

    Relay(ServerSocket listener, int target) {
        this.listener = listener;
        this.target = target;
        threads.execute(this::accept);
    }

    static ServerSocket listener(int backlog) {
        try {
            return new ServerSocket(0, backlog, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    int connections() {
        return connections.get();
    }

    /** How many bytes clients have sent. */
    long sent() {
        return sent.get();
    }

    /** What each client has sent, a connection each, in the order they came. */
    List<byte[]> conversations() {
        return conversations.stream().map(ByteArrayOutputStream::toByteArray).toList();
    }

    /** Forgets them. */
    void forget() {
        conversations.clear();
    }

    /** Connections that clients have not ended. */
    int open() {
        return open.get();
    }

    /** From now on nothing passes either way, and nobody is told: a black hole. */
    void swallow(boolean on) {
        swallowing = on;
    }

    /** From now on connections are closed as soon as they are made. */
    void hangUp(boolean on) {
        hangingUp = on;
        if (on) {
            sockets.forEach(Relay::closeQuietly);
        }
    }

    /** From now on new connections hear this and no more, once they have said something; if it is empty, the server. */
    void greet(String text) {
        greeting = text;
    }

    /** From now on a connect is not even refused: its packets are lost. */
    BlackHole deafen() {
        deaf = true;
        return new BlackHole(listener);
    }

    private void accept() {
        while (!listener.isClosed() && !deaf) {
            try {
                Socket client = listener.accept();
                connections.incrementAndGet();
                String text = greeting;
                if (!text.isEmpty()) {
                    keep(client);
                    open.incrementAndGet();
                    threads.execute(() -> {
                        greet(client, text);
                        open.decrementAndGet();
                    });
                    continue;
                }
                if (hangingUp) {
                    client.close();
                    continue;
                }
                keep(client);
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                keep(server);
                ByteArrayOutputStream conversation = new ByteArrayOutputStream();
                conversations.add(conversation);
                open.incrementAndGet();
                threads.execute(() -> {
                    copy(client, server, conversation);
                    open.decrementAndGet();
                });
                threads.execute(() -> copy(server, client, null));
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void greet(Socket client, String text) {
        try (client) {
            client.getInputStream().read();
            client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            client.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException gone) {
            // the client gave up
        }
    }

    /** What comes while the relay hangs up, or is closed, is closed here, or it would be the one that stays. */
    private void keep(Socket end) {
        sockets.add(end);
        if (hangingUp || listener.isClosed()) {
            closeQuietly(end);
        }
    }

    private void copy(Socket from, Socket to, @Nullable ByteArrayOutputStream conversation) {
        byte[] buffer = new byte[8192];
        try (from;
                to) {
            InputStream input = from.getInputStream();
            OutputStream output = to.getOutputStream();
            for (int n = input.read(buffer); n >= 0; n = input.read(buffer)) {
                if (conversation != null) {
                    sent.addAndGet(n);
                    conversation.write(buffer, 0, n);
                }
                if (!swallowing) {
                    output.write(buffer, 0, n);
                    output.flush();
                }
            }
        } catch (IOException e) {
            // one side is gone; so is the other now
            closeQuietly(to);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        sockets.forEach(Relay::closeQuietly);
        threads.shutdownNow();
    }
}
