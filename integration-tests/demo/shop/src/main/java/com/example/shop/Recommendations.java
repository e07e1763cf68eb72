package com.example.shop;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** What else a visitor may like, from the recommendation service. */
final class Recommendations {
    private final HttpClient client = HttpClient.newHttpClient();
    private final URI service;

    Recommendations(URI service) {
        this.service = service;
    }

    String near(int product) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(service.resolve("/recommendations/" + product))
                .build();
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("status " + response.statusCode());
        }
        String age = response.headers()
                .firstValue("Age")
                .map(seconds -> " (" + seconds + " s old)")
                .orElse("");
        return response.body() + age;
    }
}
