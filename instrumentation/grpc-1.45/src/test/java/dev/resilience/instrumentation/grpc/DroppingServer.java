package dev.resilience.instrumentation.grpc;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** An HTTP/2 server for one connection that resets each of its streams, as a server does with its calls while it ends. */
final class DroppingServer implements AutoCloseable {
    private static final int PREFACE = 24;
    private static final int HEADERS = 1;
    private static final byte[] SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};

    private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());

    DroppingServer() throws IOException {
        Thread thread = new Thread(this::serve, "dropping server");
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return listener.getLocalPort();
    }

    private void serve() {
        try (Socket socket = listener.accept();
                DataInputStream input = new DataInputStream(socket.getInputStream())) {
            OutputStream output = socket.getOutputStream();
            input.skipNBytes(PREFACE);
            output.write(SETTINGS);
            while (true) {
                int length = input.readUnsignedByte() << 16 | input.readUnsignedShort();
                int type = input.readUnsignedByte();
                input.readUnsignedByte(); // flags
                int stream = input.readInt();
                input.skipNBytes(length);
                if (type == HEADERS) {
                    output.write(reset(stream));
                }
            }
        } catch (IOException closed) {
            // The client is done.
        }
    }

    /** RST_STREAM with the code CANCEL (RFC 9113, 6.4 and 7). */
    private static byte[] reset(int stream) {
        return new byte[] {
            0,
            0,
            4,
            3,
            0,
            (byte) (stream >>> 24),
            (byte) (stream >>> 16),
            (byte) (stream >>> 8),
            (byte) stream,
            0,
            0,
            0,
            8
        };
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
