package dev.resilience.apps;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Makes bursts of requests, one for each of its {@link Lines}: {@code ID send|async VERSION BODY COUNT URL}, where BODY
 * says how the answer's is read ({@code string}, {@code stream}, {@code lines}, {@code publisher}, {@code slowly}: a pause
 * after the first byte) or, as {@code post}, that a large one is sent.
 *
 * <p>Answers: {@code ID ENDING*COUNT,... MICROS ...}.
 */
public final class HttpPhases {
    private static final int LARGE = 64 << 20;
    private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws IOException {
        Lines.serve(-1, new HttpPhases()::answerTo);
    }

    private String answerTo(String[] words) throws Exception {
        boolean async = words[1].equals("async");
        HttpClient client = client(words[2]);
        String body = words[3];
        HttpRequest request = request(URI.create(words[5]), body);
        return Burst.of(Integer.parseInt(words[4]), () -> call(client, request, body, async));
    }

    private HttpClient client(String version) {
        return clients.computeIfAbsent(
                version,
                key -> HttpClient.newBuilder()
                        .version(key.equals("2") ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.ALWAYS)
                        .build());
    }

    private static HttpRequest request(URI uri, String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        return body.equals("post")
                ? request.POST(HttpRequest.BodyPublishers.ofInputStream(Zeros::new))
                        .build()
                : request.build();
    }

    private static String call(HttpClient client, HttpRequest request, String body, boolean async) throws Exception {
        switch (body) {
            case "stream":
                try (InputStream stream = response(client, request, BodyHandlers.ofInputStream(), async)
                        .body()) {
                    return "read_" + stream.readAllBytes().length;
                }
            case "slowly":
                try (InputStream stream = response(client, request, BodyHandlers.ofInputStream(), async)
                        .body()) {
                    int first = stream.read() < 0 ? 0 : 1;
                    TimeUnit.MILLISECONDS.sleep(1_500);
                    return "read_" + (first + stream.readAllBytes().length);
                }
            case "lines":
                try (Stream<String> lines =
                        response(client, request, BodyHandlers.ofLines(), async).body()) {
                    return "lines_" + lines.count();
                }
            case "publisher":
                Counting counting = new Counting();
                response(client, request, BodyHandlers.ofPublisher(), async)
                        .body()
                        .subscribe(counting);
                return "pieces_" + counting.done.get(20, TimeUnit.SECONDS);
            default:
                HttpResponse<String> response = response(client, request, BodyHandlers.ofString(), async);
                return response.statusCode() + "_" + response.body();
        }
    }

    private static <T> HttpResponse<T> response(
            HttpClient client, HttpRequest request, BodyHandler<T> handler, boolean async) throws Exception {
        return async ? client.sendAsync(request, handler).get(20, TimeUnit.SECONDS) : client.send(request, handler);
    }

    /** More than any buffer on its way takes. */
    private static final class Zeros extends InputStream {
        private int left = LARGE;

        @Override
        public int read() {
            return left-- > 0 ? 0 : -1;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            int given = Math.min(length, left);
            left -= given;
            return given > 0 ? given : -1;
        }
    }

    /** Takes all it is given. */
    private static final class Counting implements Flow.Subscriber<List<ByteBuffer>> {
        private final CompletableFuture<Integer> done = new CompletableFuture<>();
        private int pieces;

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> piece) {
            pieces++;
        }

        @Override
        public void onError(Throwable thrown) {
            done.completeExceptionally(thrown);
        }

        @Override
        public void onComplete() {
            done.complete(pieces);
        }
    }
}
