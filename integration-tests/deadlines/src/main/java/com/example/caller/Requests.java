package com.example.caller;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** Synchronous requests of the JDK's client. */
final class Requests implements Work {
    private final HttpClient client = HttpClient.newHttpClient();
    private final String url;
    private final Guard guard;

    Requests(String url, Guard guard) {
        this.url = url;
        this.guard = guard;
    }

    @Override
    public void call(int number, Calls calls) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(url + "/" + number)).build();
        guard.call(() -> client.send(request, BodyHandlers.ofString()));
    }
}
