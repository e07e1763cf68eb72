package com.example.service;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.time.Duration;

/**
 * The service: {@code /a} asks one dependency, {@code /b} another. Its arguments: the guard, the threads, the timeout of
 * the client in milliseconds (0 for none), the attempts, the port of A, the port of B. It ends when its input does.
 */
public final class Service {
    private static final int BACKLOG = 1024;

    private Service() {}

    public static void main(String[] args) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // else a small answer may wait 40 ms for an ACK
        String guard = args[0];
        Duration timeout = Duration.ofMillis(Long.parseLong(args[2]));
        int attempts = Integer.parseInt(args[3]);
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        server.setExecutor(Workers.of(args[1]));
        for (String name : new String[] {"a", "b"}) {
            int port = Integer.parseInt(args[name.equals("a") ? 4 : 5]);
            server.createContext(
                    "/" + name, new Page(new Dependency(client, port, timeout, attempts, Guard.of(guard, name))));
        }
        server.start();
        System.out.println("LISTENING " + server.getAddress().getPort());
        while (System.in.read() >= 0) {
            // whoever started it is still there
        }
        server.stop(0);
    }
}
