package com.example.service;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** A web service that a page needs, asked once or, after an I/O failure, again. */
final class Dependency {
    private final HttpClient client;
    private final HttpRequest request;
    private final int attempts;
    private final Guard guard;

    /** Without a timeout when {@code timeout} is zero. */
    Dependency(HttpClient client, int port, Duration timeout, int attempts, Guard guard) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"));
        if (!timeout.isZero()) {
            builder.timeout(timeout);
        }
        this.client = client;
        this.request = builder.build();
        this.attempts = attempts;
        this.guard = guard;
    }

    String ask() throws Exception {
        for (int attempt = 1; ; attempt++) {
            try {
                return guard.call(this::send);
            } catch (IOException e) {
                if (attempt == attempts) {
                    throw e;
                }
            }
        }
    }

    private String send() throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("status " + response.statusCode());
        }
        return response.body();
    }
}
