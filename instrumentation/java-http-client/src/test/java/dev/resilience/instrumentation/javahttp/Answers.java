package dev.resilience.instrumentation.javahttp;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** An HTTP/1.1 server that answers every request as it was told last; {@code /redirect} leads to {@code /to}. */
final class Answers implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger arrived = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "answers");
        thread.setDaemon(true);
        return thread;
    });
    private final Deque<String> first = new ConcurrentLinkedDeque<>();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private volatile String head = "";
    private volatile String body = "";
    private volatile boolean hangs;
    private volatile boolean stops;

    Answers() throws IOException {
        threads.execute(this::accept);
    }

    /** @param headers one a line */
    void says(int status, String headers, String body) {
        hangs = false;
        stops = false;
        this.body = body;
        head = "HTTP/1.1 " + status + " Said\r\n"
                + (headers.isEmpty() ? "" : headers.strip().replace("\n", "\r\n") + "\r\n");
    }

    void hangs() {
        hangs = true;
    }

    /**
     * What the next requests are answered, before all else: a status, with a header behind a sign {@code |} if there is one;
     * {@code reset}, {@code hang}, {@code half} of a body, or as much and then silence: {@code stall}.
     */
    void first(String... answers) {
        first.addAll(List.of(answers));
    }

    /** The heads of the requests, in the order they came. */
    List<String> heads() {
        return heads;
    }

    /** From now on half of the body comes, and no more. */
    void stopsHalfWay() {
        stops = true;
    }

    String body() {
        return body;
    }

    int arrived() {
        return arrived.get();
    }

    int port() {
        return listener.getLocalPort();
    }

    String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                sockets.add(socket);
                if (listener.isClosed()) { // and who closed it may have missed this one
                    socket.close();
                }
                threads.execute(() -> serve(socket));
            } catch (IOException | RejectedExecutionException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            BufferedReader input =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            OutputStream output = socket.getOutputStream();
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                String path = line.split(" ", 3)[1];
                int length = 0;
                boolean isChunked = false;
                StringBuilder lines = new StringBuilder();
                while (!line.isEmpty()) {
                    lines.append(line).append('\n');
                    if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
                        length = Integer.parseInt(line.substring(15).trim());
                    }
                    isChunked |= line.equalsIgnoreCase("transfer-encoding: chunked");
                    line = input.readLine();
                }
                for (int i = 0; i < length; i++) {
                    input.read();
                }
                // so that nothing is left to read when it is closed
                while (isChunked && line != null && !line.equals("0")) {
                    line = input.readLine();
                }
                if (isChunked) {
                    input.readLine();
                }
                heads.add(lines.toString());
                arrived.incrementAndGet();
                String scripted = first.poll();
                if (scripted != null) {
                    if (scripted.equals("reset")) {
                        socket.setSoLinger(true, 0);
                        return;
                    }
                    if (!scripted.equals("hang")) {
                        answerAs(scripted, output);
                    }
                    if (scripted.endsWith("close")) {
                        return;
                    }
                } else if (!hangs) {
                    answer(path, output);
                }
            }
        } catch (IOException gone) {
            // the client's affair
        }
    }

    private static void answerAs(String scripted, OutputStream output) throws IOException {
        String[] parts = scripted.split("\\|", 2);
        boolean isHalf = scripted.equals("half") || scripted.equals("stall");
        String status = isHalf ? "200" : parts[0];
        String said = "answer " + parts[0];
        output.write(("HTTP/1.1 " + status + " Said\r\n" + (parts.length > 1 ? parts[1] + "\r\n" : "")
                        + "Content-Length: " + said.length() * (isHalf ? 2 : 1) + "\r\n\r\n" + said)
                .getBytes(StandardCharsets.ISO_8859_1));
        output.flush();
        if (scripted.equals("half")) {
            throw new IOException("half of it was to be sent");
        }
    }

    private void answer(String path, OutputStream output) throws IOException {
        if (path.equals("/redirect")) {
            output.write("HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n"
                    .getBytes(StandardCharsets.ISO_8859_1));
            return;
        }
        String said = stops ? body.substring(0, body.length() / 2) : body;
        output.write(
                (head + "Content-Length: " + body.length() + "\r\n\r\n" + said).getBytes(StandardCharsets.ISO_8859_1));
        output.flush();
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            threads.shutdownNow();
        }
    }
}
