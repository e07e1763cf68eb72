package com.example.service;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** A page that shows what a dependency says, or status 502. */
final class Page implements HttpHandler {
    private final Dependency dependency;

    Page(Dependency dependency) {
        this.dependency = dependency;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        int status = 200;
        String text;
        try {
            text = dependency.ask();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } catch (Exception e) {
            status = 502;
            text = e.getClass().getSimpleName();
        }
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }
}
