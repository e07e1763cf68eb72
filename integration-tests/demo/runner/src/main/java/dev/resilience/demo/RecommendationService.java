package dev.resilience.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The HTTP service: answers after some milliseconds, which a line on its input changes; ends with its input. */
final class RecommendationService {
    private static volatile int delayMillis = 15;

    private RecommendationService() {}

    public static void main(String[] args) throws IOException {
        ScheduledExecutorService timer = Threads.daemons(4);
        HttpServer server = HttpServer.create(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])), 512);
        server.createContext("/recommendations/", exchange -> {
            var unused = timer.schedule(() -> answer(exchange), delayMillis, TimeUnit.MILLISECONDS);
        });
        server.start();
        System.out.println("READY " + server.getAddress().getPort());

        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            delayMillis = Integer.parseInt(line);
        }
        server.stop(0);
    }

    private static void answer(HttpExchange exchange) {
        String path = exchange.getRequestURI().getPath();
        int product = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
        byte[] body = ("{\"items\":[" + (product + 1) + "," + (product + 2) + "]}").getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        try (OutputStream out = exchange.getResponseBody()) {
            exchange.sendResponseHeaders(200, body.length);
            out.write(body);
        } catch (IOException e) {
            exchange.close(); // the caller has gone
        }
    }
}
