package dev.resilience.instrumentation.grpc;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A way to a server that can be cut like a cable, or by a kill of the server: connections end in resets. */
final class Relay implements AutoCloseable {
    private final ServerSocket front = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Queue<Socket> ends = new ConcurrentLinkedQueue<>();

    Relay(int port) throws IOException {
        inBackground(() -> {
            while (true) {
                Socket client = front.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
                ends.add(client);
                ends.add(server);
                inBackground(() -> client.getInputStream().transferTo(server.getOutputStream()));
                inBackground(() -> server.getInputStream().transferTo(client.getOutputStream()));
            }
        });
    }

    int port() {
        return front.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        front.close();
        for (Socket end : ends) {
            end.setSoLinger(true, 0);
            end.close();
        }
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
