package dev.resilience.it;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A server of HTTP/1.1 that stalls where its path says: {@code /silent} gives no head, {@code /drip} a byte a second,
 * {@code /unread} does not read a request's body, {@code /deaf} closes the half it would read in the middle of an answer, {@code /half} closes its half in the middle of an answer, {@code /none}
 * before one; {@code /elsewhere} sends on to {@code /silent}, and {@code /ok} answers. {@code /slow} answers after 20 ms,
 * {@code /error} with 503, {@code /reset} with half an answer and a reset of the connection. The last segment counts;
 * below {@code /spare} all is well but what is reset.
 */
final class StallingServer implements AutoCloseable {
    private static final Set<String> ENDING = Set.of("/ok", "/elsewhere", "/slow", "/error", "/reset", "/who");
    private final ServerSocket listener;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final @Nullable SSLContext secure;
    private final ExecutorService threads = Daemons.named("stalling server");
    private final AtomicInteger hanging = new AtomicInteger();
    private volatile CountDownLatch reading = new CountDownLatch(1);
    private volatile boolean mute;
    private volatile boolean failing;

    StallingServer() {
        this(null);
    }

    /** Over TLS, once it is no longer mute. */
    StallingServer(@Nullable SSLContext secure) {
        this.secure = secure;
        try {
            listener = new ServerSocket();
            listener.setReceiveBufferSize(16_384); // what is not read is not to be much
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 500);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.execute(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** How many connections its clients have not ended. */
    int open() {
        return open.size();
    }

    /** How many of them wait for what does not come. */
    int hanging() {
        return hanging.get();
    }

    /** While set, it accepts connections and says nothing. */
    void mute(boolean on) {
        mute = on;
    }

    /** While set, nobody is told who he is. */
    void failing(boolean on) {
        failing = on;
    }

    /** Reads on where it did not, and so sees who has gone. */
    void read() {
        reading.countDown();
        reading = new CountDownLatch(1);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                open.add(socket);
                if (listener.isClosed()) { // and who closed it may have missed this one
                    socket.close();
                }
                threads.execute(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket accepted) {
        try (accepted;
                Socket socket = spoken(accepted)) {
            InputStream input = new BufferedInputStream(socket.getInputStream());
            while (!mute) {
                String head = head(input);
                if (head.isEmpty()) {
                    return;
                }
                answer(meaning(head.split(" ", 3)[1]), socket, input);
            }
            drain(input);
        } catch (IOException e) {
            // its client is gone, or the test is over
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(accepted);
        }
    }

    private static String meaning(String path) {
        String last = path.substring(path.lastIndexOf('/'));
        return path.startsWith("/spare/") && !last.equals("/reset") ? "/ok" : last;
    }

    private Socket spoken(Socket socket) throws IOException {
        SSLContext context = secure;
        if (context == null || mute) {
            return socket;
        }
        SSLSocket wrapped = (SSLSocket) context.getSocketFactory().createSocket(socket, null, true);
        wrapped.setUseClientMode(false);
        wrapped.setWantClientAuth(true);
        return wrapped;
    }

    private static String head(InputStream input) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = input.read();
            if (next < 0) {
                return "";
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private void answer(String path, Socket socket, InputStream input) throws IOException, InterruptedException {
        OutputStream output = socket.getOutputStream();
        boolean hangs = !ENDING.contains(path);
        hanging.addAndGet(hangs ? 1 : 0);
        try {
            answer(path, socket, output);
            if (hangs) {
                drain(input);
                throw new IOException("its client is gone");
            }
        } finally {
            hanging.addAndGet(hangs ? -1 : 0);
        }
    }

    private void answer(String path, Socket socket, OutputStream output) throws IOException, InterruptedException {
        switch (path) {
            case "/ok" -> say(output, "200 OK\r\nContent-Length: 4\r\n\r\ndone");
            case "/elsewhere" -> say(output, "302 Found\r\nLocation: /silent\r\nContent-Length: 0\r\n\r\n");
            case "/slow" -> {
                TimeUnit.MILLISECONDS.sleep(20);
                say(output, "200 OK\r\nContent-Length: 4\r\n\r\nslow");
            }
            case "/who" -> {
                String name = failing ? "" : nameOf(((SSLSocket) socket).getSession());
                String head = failing ? "503 Service Unavailable" : "200 OK";
                say(output, head + "\r\nContent-Length: " + name.length() + "\r\n\r\n" + name);
            }
            case "/error" -> say(output, "503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfail");
            case "/reset" -> {
                say(output, "200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
                socket.setSoLinger(true, 0);
                socket.close();
            }
            case "/unread" -> reading.await();
            case "/drip", "/drip-error" -> {
                String status = path.equals("/drip") ? "200 OK" : "503 Service Unavailable";
                say(output, status + "\r\nContent-Length: 1000\r\n\r\n");
                threads.execute(() -> drip(output));
            }
            case "/no-trailers" -> say(output, "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\n");
            case "/half" -> {
                say(output, "200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
                socket.shutdownOutput();
            }
            case "/deaf" -> {
                say(output, "200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
                socket.shutdownInput();
                reading.await();
            }
            case "/none" -> socket.shutdownOutput();
            default -> {}
        }
    }

    private static String nameOf(SSLSession session) {
        try {
            return session.getPeerPrincipal().getName();
        } catch (SSLPeerUnverifiedException unknown) {
            return "nobody";
        }
    }

    private static void drip(OutputStream output) {
        try {
            while (true) {
                output.write('\n');
                output.flush();
                TimeUnit.SECONDS.sleep(1);
            }
        } catch (IOException e) {
            // its client is gone
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void say(OutputStream output, String answer) throws IOException {
        output.write(("HTTP/1.1 " + answer).getBytes(StandardCharsets.ISO_8859_1));
        output.flush();
    }

    private static void drain(InputStream input) throws IOException {
        byte[] rest = new byte[65_536];
        while (input.read(rest) >= 0) {
            // until its client ends it
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            threads.shutdownNow();
        }
    }
}
