package dev.resilience.apps;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A server of HTTP/1.1 whose bodies come piece by piece: {@code /pieces/N/MILLIS} gives N lines, so far apart,
 * {@code /events/N/MILLIS} the same as events. Says {@code port N} once it serves.
 */
public final class Trickle {
    public static void main(String[] arguments) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 200);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", Trickle::answer);
        server.start();
        System.out.println("port " + server.getAddress().getPort());
        System.out.flush();
    }

    private static void answer(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getPath().split("/", -1);
        exchange.getResponseHeaders()
                .set("Content-Type", path[1].equals("events") ? "text/event-stream" : "text/plain");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream body = exchange.getResponseBody()) {
            for (int left = Integer.parseInt(path[2]); left > 0; left--) {
                body.write("data: piece\n\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                body.flush();
                TimeUnit.MILLISECONDS.sleep(Long.parseLong(path[3]));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Trickle() {}
}
