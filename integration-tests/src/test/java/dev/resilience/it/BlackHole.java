package dev.resilience.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/** An address where a connect gets no answer: a listener whose queue is full, so that the system drops what comes. */
final class BlackHole implements AutoCloseable {
    private final ServerSocket listener;
    private final List<Socket> queued = new ArrayList<>();
    private final boolean isBlack;

    BlackHole() {
        this(Relay.listener(1));
    }

    /** Nobody accepts what comes to this any more. */
    BlackHole(ServerSocket listener) {
        this.listener = listener;
        try {
            isBlack = fill();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** False on systems that answer a connect although nobody can take it. */
    boolean isBlack() {
        return isBlack;
    }

    int port() {
        return listener.getLocalPort();
    }

    private boolean fill() throws IOException {
        for (int i = 0; i < 10; i++) {
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port()), 200);
                queued.add(socket);
            } catch (SocketTimeoutException full) {
                socket.close();
                return true;
            }
        }
        return false;
    }

    /** From now on it accepts what comes, and hands it on to another server. */
    Relay openTo(int target) {
        try {
            for (Socket socket : queued) {
                socket.close();
            }
            return new Relay(listener, target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : queued) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
