package dev.resilience.testkit;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLServerSocketFactory;

/**
 * An HTTP/1.1 server on plain sockets that misbehaves by path: {@code /status/N} answers with that status,
 * {@code /hang} never answers, {@code /drip} and {@code /drip/N} send a head and then a body that never ends,
 * {@code /stall} sends a head and ten bytes of its body, {@code /redirect} sends to {@code /status/200}, {@code /reset}
 * closes at once. It keeps what it received.
 */
public final class FaultyHttpServer implements AutoCloseable {
    private static final String STALLED = String.join(
            "\r\n",
            "HTTP/1.1 200 Some",
            "Content-Length: 100",
            "Content-Disposition: attachment; filename=\"sent.txt\"",
            "",
            "ten bytes\n");

    private final ServerSocket socket;
    private final String scheme;
    private final ExecutorService threads = Executors.newCachedThreadPool(run -> {
        Thread thread = Executors.defaultThreadFactory().newThread(run);
        thread.setDaemon(true);
        return thread;
    });
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final AtomicInteger abandoned = new AtomicInteger();
    private final AtomicInteger stuck = new AtomicInteger();

    public FaultyHttpServer() throws IOException {
        this(ServerSocketFactory.getDefault());
    }

    /** With sockets of TLS, if the factory makes such. */
    public FaultyHttpServer(ServerSocketFactory sockets) throws IOException {
        socket = sockets.createServerSocket(0, 100, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        scheme = sockets instanceof SSLServerSocketFactory ? "https" : "http";
        threads.execute(this::accept);
    }

    public URI uri(String path) {
        return URI.create(scheme + "://127.0.0.1:" + socket.getLocalPort() + path);
    }

    /** The heads of the requests, in the order they came. */
    public List<String> heads() {
        return List.copyOf(heads);
    }

    public int arrived() {
        return heads.size();
    }

    /** How many hanging or dripping answers ended because the client closed. */
    public int abandoned() {
        return abandoned.get();
    }

    /** Answers that hang or drip right now. */
    public int stuck() {
        return stuck.get();
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket connection = socket.accept();
                connections.add(connection);
                if (socket.isClosed()) { // and who closed it may have missed this one
                    connection.close();
                    return;
                }
                threads.execute(() -> serve(connection));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(connection.getInputStream());
            OutputStream out = connection.getOutputStream();
            while (true) {
                String head = head(in);
                if (head.isEmpty()) {
                    return;
                }
                heads.add(head);
                skipBody(in, head);
                if (!answer(head.split(" ", 3)[1], in, out)) {
                    return;
                }
            }
        } catch (IOException gone) {
            // the client closed
        } finally {
            connections.remove(connection);
        }
    }

    private boolean answer(String path, InputStream in, OutputStream out) throws IOException {
        String[] parts = path.split("[/?]", -1);
        int status = parts.length > 2 ? Integer.parseInt(parts[2]) : 200;
        switch (parts[1]) {
            case "hang" -> {
                untilClosed(in);
                return false;
            }
            case "stall" -> {
                write(out, STALLED);
                untilClosed(in);
                return false;
            }
            case "drip" -> {
                drip(status, out);
                return false;
            }
            case "reset" -> {
                return false;
            }
            case "redirect" -> {
                write(out, "HTTP/1.1 302 Found\r\nLocation: /status/200\r\nContent-Length: 0\r\n\r\n");
                return true;
            }
            default -> {
                String body = "body of " + status;
                write(
                        out,
                        "HTTP/1.1 " + status + " Some\r\nContent-Type: text/plain\r\nContent-Length: " + body.length()
                                + "\r\n\r\n" + body);
                return true;
            }
        }
    }

    private void untilClosed(InputStream in) throws IOException {
        stuck.incrementAndGet();
        try {
            while (in.read() >= 0) {
                // a hanging server reads and says nothing
            }
        } finally {
            stuck.decrementAndGet();
            abandoned.incrementAndGet();
        }
    }

    private void drip(int status, OutputStream out) throws IOException {
        write(out, "HTTP/1.1 " + status + " Some\r\nTransfer-Encoding: chunked\r\n\r\n");
        stuck.incrementAndGet();
        try {
            while (!socket.isClosed()) {
                write(out, "5\r\ndrip\n\r\n");
                LockSupport.parkNanos(20_000_000);
            }
        } finally {
            stuck.decrementAndGet();
            abandoned.incrementAndGet();
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                return "";
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static void skipBody(InputStream in, String head) throws IOException {
        for (String line : head.split("\r\n", -1)) {
            if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
                in.skipNBytes(Long.parseLong(line.substring(15).trim()));
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
        for (Socket connection : connections) {
            connection.close();
        }
        threads.shutdownNow();
    }
}
