package dev.resilience.apps;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/**
 * Makes 20 calls whose futures it drops, and whose answers nobody can take, as their client's executor runs nothing;
 * then collects garbage until the input ends.
 */
public final class Forgetful {
    /** Calls the URL given. */
    @SuppressWarnings("FutureReturnValueIgnored") // that is the point
    public static void main(String[] arguments) throws IOException {
        for (int i = 0; i < 20; i++) {
            HttpClient.newBuilder()
                    .executor(task -> {})
                    .build()
                    .sendAsync(
                            HttpRequest.newBuilder(URI.create(arguments[0])).build(),
                            HttpResponse.BodyHandlers.ofString());
        }
        System.out.println("called");
        while (System.in.read() == '\n') {
            System.gc();
            System.out.println("collected");
        }
        System.exit(0);
    }

    private Forgetful() {}
}
