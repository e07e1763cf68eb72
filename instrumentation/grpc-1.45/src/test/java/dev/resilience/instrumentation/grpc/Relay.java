package dev.resilience.instrumentation.grpc;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** A way to a server that can be cut like a cable, or by a kill of the server: connections end in resets. */
final class Relay implements AutoCloseable {
    private final ServerSocket front = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> ends = new ArrayList<>();

    Relay(int port) throws IOException {
        inBackground(() -> {
            while (true) {
                Socket client = front.accept();
                keep(client);
                Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
                keep(server);
                inBackground(() -> client.getInputStream().transferTo(server.getOutputStream()));
                inBackground(() -> server.getInputStream().transferTo(client.getOutputStream()));
            }
        });
    }

    int port() {
        return front.getLocalPort();
    }

    /** What is accepted while the relay closes is cut here, or it would be the one way that stays. */
    private void keep(Socket end) throws IOException {
        synchronized (ends) {
            ends.add(end);
            if (front.isClosed()) {
                cut(end);
            }
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (ends) {
            front.close();
            for (Socket end : ends) {
                cut(end);
            }
        }
    }

    private static void cut(Socket end) throws IOException {
        end.setSoLinger(true, 0);
        end.close();
    }

    private static void inBackground(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException cut) {
                // that is what a relay is for
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private interface Work {
        void run() throws IOException;
    }
}
