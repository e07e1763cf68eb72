package dev.resilience.instrumentation.javahttp;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.ThreadMXBean;
import dev.resilience.testkit.RealGuards;
import dev.resilience.testkit.ScriptedGuards;
import dev.resilience.testkit.Woven;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Earlier answers given in place of none, by the real guard, through the caller's own handlers. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class SnapshotsTest {
    private static final String BODY = "first\nsecond\nthird";

    private final ScriptedGuards scripted = JavaHttpClientContractTest.scripted();
    private final HttpClient client = HttpClient.newHttpClient();
    private final Woven woven;
    private Answers server;
    private RealGuards guards;

    SnapshotsTest() {
        woven = Woven.with(new JavaHttpClientModule(), scripted);
    }

    @AfterAll
    void unweave() {
        woven.close();
    }

    @BeforeEach
    void start() throws IOException {
        scripted.reset();
        server = new Answers();
        server.says(200, "Content-Type: text/plain\nX-Version: 7", BODY);
        guard("fallback.snapshot.max-age=10m");
    }

    @AfterEach
    void stop() {
        scripted.reset();
        server.close();
        assertThat(guards.faults()).isEmpty();
    }

    /** @param more of the policy, or a mode; the last of two that say the same counts */
    private void guard(String... more) {
        List<String> properties = new ArrayList<>(List.of(
                "mode=enforce",
                "policies.shop.match.port=" + server.port(),
                "policies.shop.breaker.strategy=consecutive",
                "policies.shop.deadline=20s"));
        for (String each : more) {
            properties.add(each.startsWith("mode=") ? each : "policies.shop." + each);
        }
        guards = new RealGuards(properties.toArray(String[]::new));
        scripted.giveWayTo(guards.registry());
    }

    /** What is kept stays kept; from now on what hangs is cut soon. */
    private void hurry() {
        guards.reload(
                "mode=enforce",
                "policies.shop.match.port=" + server.port(),
                "policies.shop.breaker.strategy=consecutive",
                "policies.shop.fallback.snapshot.max-age=10m",
                "policies.shop.deadline=300ms");
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(server.url(path)));
    }

    private <T> HttpResponse<T> get(String path, BodyHandler<T> handler, String... headers) throws Exception {
        return get(client, path, handler, headers);
    }

    private <T> HttpResponse<T> get(HttpClient by, String path, BodyHandler<T> handler, String... headers)
            throws Exception {
        HttpRequest.Builder request = request(path);
        return by.send((headers.length == 0 ? request : request.headers(headers)).build(), handler);
    }

    private String text(String path, String... headers) throws Exception {
        HttpResponse<String> response = get(path, BodyHandlers.ofString(), headers);
        return response.statusCode() + " " + response.body();
    }

    /** A call whose answer is kept by when it returns. */
    private void learn(String path, String... headers) throws Exception {
        long before = guards.kept();
        assertThat(text(path, headers)).isEqualTo("200 " + server.body());
        assertThat(eventually(() -> guards.kept() > before)).isTrue();
    }

    private void assertNothingIsKept(String path) throws Exception {
        long refused = guards.refused();
        text(path);
        assertThat(eventually(() -> guards.refused() > refused)).isTrue();
        assertThat(guards.kept()).isZero();
    }

    /** The whole of an HTTP answer as its caller sees it. */
    private static String head(HttpResponse<?> response) {
        return response.statusCode() + " "
                + response.headers().map().entrySet().stream()
                        .filter(header -> !header.getKey().equalsIgnoreCase("date"))
                        .map(header -> header.getKey().toLowerCase(java.util.Locale.ROOT) + "=" + header.getValue())
                        .sorted()
                        .collect(Collectors.joining(" "));
    }

    @Nested
    class GivesTheLastGoodAnswer {
        @BeforeEach
        void learnIt() throws Exception {
            learn("/a");
        }

        @Test
        void insteadOfAFault() throws Exception {
            server.says(503, "", "sorry");
            HttpResponse<String> response = get("/a", BodyHandlers.ofString());
            assertThat(response.body()).isEqualTo(BODY);
            assertThat(head(response))
                    .matches("200 age=\\[[01]] content-length=\\[18] content-type=\\[text/plain] x-version=\\[7]");
            assertThat(response.uri()).isEqualTo(URI.create(server.url("/a")));
            assertThat(response.request().uri()).isEqualTo(response.uri());
            assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
            assertThat(response.previousResponse()).isEmpty();
            assertThat(response.sslSession()).isEmpty();
            assertThat(guards.fallbacks()).containsExactly("snapshot");
            assertThat(guards.executed().get(0).ageMillis()).isBetween(0L, 5_000L);
        }

        @Test
        void insteadOfNoAnswerAtAll() throws Exception {
            server.close();
            assertThat(text("/a")).isEqualTo("200 " + BODY);
            assertThat(guards.executed().get(0).original()).isNotNull();
        }

        @Test
        void insteadOfAHang() throws Exception {
            hurry();
            server.hangs();
            long start = System.nanoTime();
            assertThat(text("/a")).isEqualTo("200 " + BODY);
            assertThat(System.nanoTime() - start).isBetween(290_000_000L, 4_000_000_000L);
        }

        @Test
        void insteadOfABodyThatStops() throws Exception {
            hurry();
            server.stopsHalfWay();
            assertThat(text("/a")).isEqualTo("200 " + BODY);
        }

        @Test
        void insteadOfARefusal() throws Exception {
            server.says(503, "", "sorry");
            for (int i = 0; i < 5; i++) {
                text("/a");
            }
            int reached = server.arrived();
            assertThat(text("/a")).isEqualTo("200 " + BODY);
            assertThat(server.arrived()).isEqualTo(reached);
            assertThat(guards.served()).isEqualTo(6);
        }

        @Test
        void ofAnAsynchronousCall() throws Exception {
            hurry();
            server.hangs();
            CompletableFuture<HttpResponse<String>> future =
                    client.sendAsync(request("/a").build(), BodyHandlers.ofString());
            assertThat(future.get().body()).isEqualTo(BODY);
            server.says(503, "", "sorry");
            assertThat(client.sendAsync(request("/a").build(), BodyHandlers.ofString())
                            .get()
                            .body())
                    .isEqualTo(BODY);
        }

        @Test
        void toEveryKindOfReader(@TempDir Path directory) throws Exception {
            server.says(503, "", "sorry");
            try (InputStream stream = get("/a", BodyHandlers.ofInputStream()).body()) {
                assertThat(new String(stream.readAllBytes(), StandardCharsets.UTF_8))
                        .isEqualTo(BODY);
            }
            try (Stream<String> lines = get("/a", BodyHandlers.ofLines()).body()) {
                assertThat(lines).containsExactly("first", "second", "third");
            }
            assertThat(get("/a", BodyHandlers.ofByteArray()).body()).asString().isEqualTo(BODY);
            assertThat(Files.readString(get("/a", BodyHandlers.ofFile(directory.resolve("answer")))
                            .body()))
                    .isEqualTo(BODY);
            assertThat(get("/a", BodyHandlers.replacing("own")).body()).isEqualTo("own");
            Lines lines = new Lines();
            HttpResponse<Void> response = get("/a", BodyHandlers.fromLineSubscriber(lines));
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(lines.told()).containsExactly("first", "second", "third", "end");
            Flow.Publisher<List<ByteBuffer>> publisher =
                    get("/a", BodyHandlers.ofPublisher()).body();
            BodySubscriber<String> subscriber = BodySubscribers.ofString(StandardCharsets.UTF_8);
            publisher.subscribe(subscriber);
            assertThat(subscriber.getBody().toCompletableFuture().get()).isEqualTo(BODY);
        }

        @Test
        void toAReaderOfJson() throws Exception {
            server.says(200, "content-type: application/json\n", "{\"items\":[{\"id\":1,\"name\":\"pear\"}]}");
            learn("/json");
            server.says(503, "", "sorry");
            try (InputStream stream = get("/json", BodyHandlers.ofInputStream()).body()) {
                assertThat(new ObjectMapper()
                                .readTree(stream)
                                .at("/items/0/name")
                                .asText())
                        .isEqualTo("pear");
            }
        }

        @Test
        void againToWhoeverChangedTheBytesOfTheFirst() throws Exception {
            server.says(503, "", "sorry");
            byte[] first = get("/a", BodyHandlers.ofByteArray()).body();
            first[0] = '?';
            assertThat(text("/a")).isEqualTo("200 " + BODY);
        }

        @Test
        void butLeavesABusinessErrorAsItIs() throws Exception {
            server.says(404, "", "no such item");
            assertThat(text("/a")).isEqualTo("404 no such item");
            assertThat(guards.fallbacks()).isEmpty();
        }

        @Test
        void andTheLaterOneOfTwo() throws Exception {
            server.says(200, "", "newer");
            learn("/a");
            server.says(503, "", "sorry");
            assertThat(text("/a")).isEqualTo("200 newer");
        }

        @Test
        void butNotToAnother() throws Exception {
            server.says(503, "", "sorry");
            assertThat(text("/a", "Authorization", "Bearer bob")).isEqualTo("503 sorry");
            assertThat(text("/b")).isEqualTo("503 sorry");
            assertThat(guards.fallbacks()).hasSize(2).allMatch(told -> told.startsWith("snapshot failed: no_snapshot"));
        }

        @Test
        void andForgetsItWhereItsPolicyNoLongerKeepsAny() throws Exception {
            guards.reload("mode=enforce");
            assertThat(guards.snapshots()).isEmpty();
        }

        @Test
        void afterAReloadThatSaysTheSame() throws Exception {
            hurry();
            server.hangs();
            assertThat(text("/a")).isEqualTo("200 " + BODY);
        }

        @Test
        void unlessItWasWrittenToByAPolicyThatKeepsNothing() throws Exception {
            guards.reload(
                    "mode=enforce",
                    "policies.a.match.method=PUT",
                    "policies.shop.match.port=" + server.port(),
                    "policies.shop.fallback.snapshot.max-age=10m");
            client.send(request("/a").PUT(BodyPublishers.ofString("x")).build(), BodyHandlers.discarding());
            server.says(503, "", "sorry");
            assertThat(text("/a")).isEqualTo("503 sorry");
            assertThat(guards.fallbacks()).singleElement().asString().startsWith("snapshot failed: changed");
        }
    }

    @Nested
    class KeepsNothing {
        @ParameterizedTest(name = "{0}")
        @ValueSource(
                strings = {
                    "Cache-Control: no-store",
                    "Cache-Control: no-cache",
                    "Vary: *",
                    "Set-Cookie: a=b",
                    "Content-Range: bytes 0-17/100"
                })
        void thatItsTargetForbids(String header) throws Exception {
            server.says(200, header, BODY);
            assertNothingIsKept("/a");
        }

        @Test
        void thatIsNotRead() throws Exception {
            server.says(200, "", "x".repeat(100_000));
            InputStream unread = get("/a", BodyHandlers.ofInputStream()).body();
            assertThat(unread.read()).isEqualTo('x');
            unread.close();
            get("/a", BodyHandlers.ofInputStream()).body().close();
            learn("/b");
            assertThat(guards.kept()).isOne();
        }

        @Test
        void thatIsTooLong() throws Exception {
            guard("fallback.snapshot.max-bytes=64KiB");
            server.says(200, "", "x".repeat(8_200));
            assertNothingIsKept("/a");
        }

        @Test
        void thatCameByARedirect() throws Exception {
            HttpClient following = HttpClient.newBuilder()
                    .followRedirects(HttpClient.Redirect.ALWAYS)
                    .build();
            long refused = guards.refused();
            assertThat(get(following, "/redirect", BodyHandlers.ofString()).body())
                    .isEqualTo(BODY);
            assertThat(eventually(() -> guards.refused() > refused)).isTrue();
            assertThat(guards.kept()).isZero();
        }

        @Test
        void ofAClientThatAddsCookies() throws Exception {
            HttpClient cookies =
                    HttpClient.newBuilder().cookieHandler(new CookieManager()).build();
            long refused = guards.refused();
            get(cookies, "/a", BodyHandlers.ofString());
            assertThat(eventually(() -> guards.refused() > refused)).isTrue();
            assertThat(guards.kept()).isZero();
        }

        @Test
        void whereItOnlyObserves() throws Exception {
            guard("mode=observe", "fallback.snapshot.max-age=10m");
            text("/a");
            server.says(503, "", "sorry");
            assertThat(text("/a")).isEqualTo("503 sorry");
            assertThat(guards.snapshots()).isEmpty();
        }
    }

    @Nested
    class Otherwise {
        @Test
        void theNextLinkIsTried() throws Exception {
            guard("fallback.snapshot.max-age=10m", "fallback.static.body=written down");
            server.says(503, "", "sorry");
            assertThat(text("/a")).isEqualTo("200 written down");
            assertThat(guards.fallbacks())
                    .containsExactly(
                            "snapshot failed: no_snapshot: no answer to such a request is kept (RFC 9111 4)", "static");
        }

        @Test
        void aSubscriberThatFailsAndCancelsTellsItsOwnFailure() {
            guard("deadline=none", "fallback.snapshot.max-age=10m");
            assertThatThrownBy(() -> get("/a", info -> new Failing()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("the subscriber's own");
        }

        @Test
        void clientsWithATlsContextOfTheirOwnAreSomebodyOfTheirOwn() {
            URI secure = URI.create("https://localhost/");
            HttpClient one =
                    HttpClient.newBuilder().sslContext(Certificate.context()).build();
            HttpClient other =
                    HttpClient.newBuilder().sslContext(Certificate.context()).build();
            assertThat(Credentials.shown(one, secure))
                    .isEqualTo(Credentials.shown(one, secure))
                    .isNotEqualTo(Credentials.shown(other, secure))
                    .hasSize(1);
            assertThat(Credentials.shown(client, secure)).isEmpty();
            assertThat(Credentials.shown(one, URI.create("http://localhost/"))).isEmpty();
        }
    }

    @Nested
    class ByRfc9111 {
        /** What is given to ann, who was answered so, and asks so when there is no answer; bob never gets any of it. */
        @ParameterizedTest(name = "answered {0}, asking {1}, shared {2}: to ann {3}, to bob {4}")
        @CsvSource(
                delimiter = '|',
                value = {
                    "Cache-Control: max-age=60                  |                         | false | true  | false",
                    "Cache-Control: private, max-age=60         |                         | false | true  | false",
                    "Cache-Control: private                     |                         | true  | false | false",
                    "Cache-Control: max-age=60                  |                         | true  | false | false",
                    "Cache-Control: public, max-age=60          |                         | true  | true  | true",
                    "Cache-Control: max-age=0, must-revalidate  |                         | false | false | false",
                    "Cache-Control: max-age=0, stale-if-error=60|                         | false | true  | false",
                    "Cache-Control: max-age=0, stale-if-error=0 |                         | false | false | false",
                    "Cache-Control: max-age=60                  | Cache-Control: no-cache | false | false | false",
                    "Cache-Control: max-age=60                  | Cache-Control: max-age=0| false | false | false",
                    "Cache-Control: max-age=60                  | If-None-Match: \"1\"    | false | false | false",
                    "Cache-Control: max-age=60                  | Range: bytes=0-1        | false | false | false",
                    "Vary: Accept-Language                      | Accept-Language: de     | false | false | false",
                    "Age: 601                                   |                         | false | false | false",
                })
        void gives(String answered, @Nullable String asking, boolean shared, boolean toAnn, boolean toBob)
                throws Exception {
            guard("fallback.snapshot.max-age=10m", "fallback.snapshot.shared=" + shared);
            server.says(200, answered, "for ann");
            long before = guards.kept() + guards.refused();
            assertThat(text("/a", "Authorization", "Bearer ann")).isEqualTo("200 for ann");
            assertThat(eventually(() -> guards.kept() + guards.refused() > before))
                    .isTrue();
            server.says(503, "", "sorry");
            assertThat(asked("ann", asking)).isEqualTo(toAnn ? "200 for ann" : "503 sorry");
            assertThat(asked("bob", asking)).isEqualTo(toBob ? "200 for ann" : "503 sorry");
        }

        private String asked(String who, @Nullable String asking) throws Exception {
            List<String> headers = new ArrayList<>(List.of("Authorization", "Bearer " + who));
            if (asking != null) {
                int colon = asking.indexOf(':');
                headers.add(asking.substring(0, colon));
                headers.add(asking.substring(colon + 1).trim());
            }
            return text("/a", headers.toArray(String[]::new));
        }
    }

    @Nested
    class Costs {
        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        @ParameterizedTest(name = "{0} bytes")
        @ValueSource(ints = {2_000, 20_000, 200_000})
        void noMoreThanTwiceItsSize(int length) throws Exception {
            byte[] letters = new byte[length];
            Random random = new Random(1);
            for (int i = 0; i < length; i++) {
                letters[i] = (byte) (' ' + random.nextInt(95));
            }
            server.says(
                    200,
                    "Content-Type: application/json\nCache-Control: private, max-age=60\nETag: \"0123456789abcdef\"",
                    new String(letters, StandardCharsets.US_ASCII));
            learn("/v1/items/4711?fields=name,price", "Accept", "application/json");
            server.close();
            for (int i = 0; i < 5; i++) {
                get("/v1/items/4711?fields=name,price", BodyHandlers.discarding(), "Accept", "application/json");
            }
            guards.stopRecording();
            HttpRequest request = request("/v1/items/4711?fields=name,price")
                    .header("Accept", "application/json")
                    .build();
            long size = length;
            for (var header : client.send(request, BodyHandlers.discarding())
                    .headers()
                    .map()
                    .entrySet()) {
                size += header.getKey().length() + header.getValue().get(0).length();
            }
            long given = allocatedBy(request, 1_000);
            assertThat(guards.served()).isGreaterThan(3_000);
            guard("breaker.consecutive-failures=1");
            guards.stopRecording();
            long refused = allocatedBy(request, 1_000);
            System.out.println("a snapshot of " + size + " bytes, given to a caller of java.net.http: " + given
                    + " bytes allocated; a refusal in its place: " + refused);
            assertThat(given - refused).isLessThanOrEqualTo(2 * size);
        }

        private long allocatedBy(HttpRequest request, int times) throws Exception {
            long each = Long.MAX_VALUE;
            for (int round = 0; round < 3; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < times; i++) {
                    call(request);
                }
                each = Math.min(each, (threads.getCurrentThreadAllocatedBytes() - before) / times);
            }
            return each;
        }
    }

    private void call(HttpRequest request) throws InterruptedException {
        try {
            client.send(request, BodyHandlers.discarding());
        } catch (IOException refused) {
            // as it should be
        }
    }

    /** Fails at the first bytes, and cancels. */
    private static final class Failing implements BodySubscriber<String> {
        private final CompletableFuture<String> body = new CompletableFuture<>();
        private Flow.@Nullable Subscription upstream;

        @Override
        public CompletionStage<String> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            upstream = subscription;
            subscription.request(1);
        }

        @Override
        public void onNext(List<ByteBuffer> item) {
            body.completeExceptionally(new IOException("the subscriber's own"));
            java.util.Objects.requireNonNull(upstream).cancel();
        }

        @Override
        public void onError(Throwable thrown) {
            body.completeExceptionally(thrown);
        }

        @Override
        public void onComplete() {
            body.complete("");
        }
    }
}
