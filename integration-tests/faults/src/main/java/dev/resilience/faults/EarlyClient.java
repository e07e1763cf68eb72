package dev.resilience.faults;

import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** An agent that makes an HTTP call of its own before any other agent starts. */
public final class EarlyClient {
    /** Entered before the application's main, with the URL to call. */
    public static void premain(String url, Instrumentation instrumentation) throws IOException, InterruptedException {
        HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.discarding());
    }

    private EarlyClient() {}
}
