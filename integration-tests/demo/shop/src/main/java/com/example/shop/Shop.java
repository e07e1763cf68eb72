package com.example.shop;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.Executors;

/** The shop: a server with one page, configured by environment variables. */
public final class Shop {
    private static final int THREADS = 32;

    private Shop() {}

    public static void main(String[] args) throws IOException {
        Tracer tracer = AutoConfiguredOpenTelemetrySdk.initialize()
                .getOpenTelemetrySdk()
                .getTracer("shop");
        CallLog log = new CallLog(System.out);
        ProductPage page = new ProductPage(
                tracer,
                log,
                new Stock(System.getenv("DATABASE_URL")),
                new Prices(System.getenv("PRICES")),
                new Recommendations(URI.create(System.getenv("RECOMMENDATIONS_URL"))));

        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(Executors.newFixedThreadPool(THREADS));
        server.createContext("/product/", page);
        server.start();
        log.listening(server.getAddress().getPort());
    }
}
