package dev.resilience.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An HTTP/1.1 server on plain sockets that keeps what it was sent, to the byte. The path says what it does:
 * {@code /status/N} answers so, {@code /hang} and below never answers, {@code /slow/N} answers after N milliseconds, {@code /half}
 * sends half a body and no more, {@code /pause/N} the rest of it after N milliseconds, {@code /drip/N} a body of N bytes,
 * two a second. {@code /then/A/B/C} is answered A the first time it is asked for, then B, and C from then on, each a
 * status, with {@code +N} behind it to come back after N seconds, or {@code half}, {@code hang}, or {@code reset}.
 */
final class RawHttpServer implements AutoCloseable {
    private final ServerSocket listener;
    private final ExecutorService threads = Daemons.named("raw http server");
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger closedByClient = new AtomicInteger();
    private final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();

    private volatile boolean failing;
    private volatile boolean hanging;

    RawHttpServer() {
        try {
            listener = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.execute(this::accept);
    }

    String url(String path) {
        return "http://127.0.0.1:" + listener.getLocalPort() + path;
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Each request's head as it came, in the order of arrival. */
    List<String> requests() {
        return requests;
    }

    /** While set, {@code /status/200} answers 503. */
    void failing(boolean on) {
        failing = on;
    }

    /** While set, nothing is answered. */
    void hanging(boolean on) {
        hanging = on;
    }

    int closedByClient() {
        return closedByClient.get();
    }

    /** How many connections are open. */
    int open() {
        return sockets.size();
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
            } catch (IOException closing) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            BufferedReader input =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            OutputStream output = socket.getOutputStream();
            while (true) {
                StringBuilder head = new StringBuilder();
                String line = input.readLine();
                if (line == null) {
                    return;
                }
                String path = line.split(" ", 3)[1];
                long length = 0;
                while (line != null && !line.isEmpty()) {
                    head.append(line).append('\n');
                    if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
                        length = Long.parseLong(line.substring(15).trim());
                    }
                    line = input.readLine();
                }
                for (long left = length; left > 0; left--) {
                    input.read();
                }
                requests.add(head.toString());
                String next = next(path);
                if (next.equals("reset")) {
                    socket.setSoLinger(true, 0);
                    return;
                }
                boolean isHalf = next.equals("half") || path.equals("/half");
                if (hanging || isHalf || next.equals("hang") || path.startsWith("/hang")) {
                    if (isHalf) {
                        output.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
                                .getBytes(StandardCharsets.ISO_8859_1));
                        output.flush();
                    }
                    if (input.read() < 0) {
                        closedByClient.incrementAndGet();
                    }
                    return;
                }
                answer(path, next, head.indexOf("HEAD ") == 0, output);
            }
        } catch (IOException e) {
            closedByClient.incrementAndGet();
        } finally {
            sockets.remove(socket);
        }
    }

    /** What a path of several answers is answered now; empty for another. */
    private String next(String path) {
        if (!path.startsWith("/then/")) {
            return "";
        }
        String[] answers = path.substring(6).replaceAll("\\?.*", "").split("/", -1);
        int time = asked.computeIfAbsent(path, first -> new AtomicInteger()).getAndIncrement();
        return answers[Math.min(time, answers.length - 1)];
    }

    private void answer(String path, String next, boolean isHead, OutputStream output) throws IOException {
        int status = 200;
        int plus = next.indexOf('+');
        if (!next.isEmpty()) {
            status = Integer.parseInt(plus < 0 ? next : next.substring(0, plus));
        } else if (path.startsWith("/status/")) {
            status = Integer.parseInt(path.substring(8).replaceAll("\\D.*", ""));
        } else if (path.startsWith("/slow/")) {
            pause(Long.parseLong(path.substring(6)));
        }
        if (failing && status == 200) {
            status = 503;
        }
        if (path.startsWith("/drip/")) {
            drip(Integer.parseInt(path.substring(6)), output);
            return;
        }
        String body = "body of " + path;
        if (path.startsWith("/pause/")) {
            output.write(("HTTP/1.1 200 Said\r\nContent-Length: " + 2 * body.length() + "\r\n\r\n" + body)
                    .getBytes(StandardCharsets.ISO_8859_1));
            output.flush();
            pause(Long.parseLong(path.substring(7)));
            output.write(body.getBytes(StandardCharsets.ISO_8859_1));
            output.flush();
            return;
        }
        String after = plus < 0 ? "" : "Retry-After: " + next.substring(plus + 1) + "\r\n";
        output.write(("HTTP/1.1 " + status + " Said\r\n" + after + "Content-Length: " + body.length() + "\r\n\r\n"
                        + (isHead ? "" : body))
                .getBytes(StandardCharsets.ISO_8859_1));
        output.flush();
    }

    private static void drip(int bytes, OutputStream output) throws IOException {
        output.write(
                ("HTTP/1.1 200 Said\r\nContent-Length: " + bytes + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
        for (int i = 0; i < bytes; i++) {
            output.flush();
            pause(500);
            output.write('.');
        }
        output.flush();
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
