package dev.resilience.instrumentation.javahttp;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class CopiedBodyTest {
    private static final int MOST = 1 << 20;
    private static final String LINES = "a line of the body\n".repeat(20_000);

    private final Queue<String> copies = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> faults = new ConcurrentLinkedQueue<>();

    @Nested
    class OfARealAnswer {
        private final ExecutorService serving = Executors.newCachedThreadPool();
        private final HttpClient client = HttpClient.newHttpClient();
        private final HttpServer server;
        private final CountDownLatch aborted = new CountDownLatch(1);
        private int most = MOST;
        private @Nullable CopiedBody<?> body;

        OfARealAnswer() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(serving);
            server.createContext("/lines", exchange -> {
                byte[] bytes = LINES.getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(
                        200, exchange.getRequestURI().getPath().endsWith("long") ? 0 : bytes.length);
                exchange.getResponseBody().write(bytes);
                exchange.close();
            });
            server.createContext("/endless", this::serveUntilAborted);
            server.createContext("/cut", exchange -> {
                exchange.sendResponseHeaders(200, LINES.length());
                exchange.getResponseBody().write(LINES.getBytes(StandardCharsets.UTF_8), 0, 1_000);
                exchange.getResponseBody().flush();
                exchange.close();
            });
            server.createContext("/empty", exchange -> {
                exchange.sendResponseHeaders(204, -1);
                exchange.close();
            });
        }

        @BeforeEach
        void start() {
            server.start();
        }

        @AfterEach
        void stop() {
            server.stop(0);
            serving.shutdownNow();
        }

        private void serveUntilAborted(HttpExchange exchange) throws IOException {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                byte[] piece = LINES.getBytes(StandardCharsets.UTF_8);
                for (int i = 0; i < 10_000; i++) {
                    out.write(piece);
                }
            } catch (IOException gone) {
                aborted.countDown();
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"/lines", "/lines/long"})
        void isWholeWhateverTheHandlerMakesOfIt(String path) throws Exception {
            assertThat(send(path, BodyHandlers.ofString()).body()).isEqualTo(LINES);
            assertThat(send(path, BodyHandlers.ofByteArray()).body()).hasSize(LINES.length());
            try (InputStream stream = send(path, BodyHandlers.ofInputStream()).body()) {
                assertThat(stream.readAllBytes()).hasSize(LINES.length());
            }
            try (Stream<String> lines = send(path, BodyHandlers.ofLines()).body()) {
                assertThat(lines.count()).isEqualTo(20_000);
            }
            assertThat(send(path, BodyHandlers.discarding()).body()).isNull();
            assertThat(send(path, BodyHandlers.buffering(BodyHandlers.ofString(), 777))
                            .body())
                    .isEqualTo(LINES);
            Lines lines = new Lines();
            assertThat(send(path, BodyHandlers.fromLineSubscriber(lines)).body())
                    .isNull();
            assertThat(lines.count).isEqualTo(20_000);
            Pieces pieces = new Pieces();
            send(path, BodyHandlers.ofPublisher()).body().subscribe(pieces);
            assertThat(pieces.end.get(10, TimeUnit.SECONDS)).isEqualTo(LINES.length());

            assertThat(eventually(() -> copies.size() == 8)).isTrue();
            assertThat(copies).containsOnly(LINES);
            assertThat(faults).isEmpty();
        }

        @Test
        void isEmptyIfTheBodyIs() throws Exception {
            assertThat(send("/empty", BodyHandlers.ofString()).body()).isEmpty();
            assertThat(eventually(() -> copies.size() == 1)).isTrue();
            assertThat(copies).containsExactly("");
        }

        @Test
        void isGivenUpWithAStreamThatIsClosed() throws Exception {
            try (InputStream stream =
                    send("/endless", BodyHandlers.ofInputStream()).body()) {
                assertThat(stream.readNBytes(10)).hasSize(10);
            }
            assertThat(aborted.await(10, TimeUnit.SECONDS))
                    .as("the server is told as it would be")
                    .isTrue();
            assertNoCopy();
        }

        @Test
        void asksForNoMoreThanTheReaderOfAStreamThatIsLeftAlone() throws Exception {
            HttpResponse<InputStream> response = send("/endless", BodyHandlers.ofInputStream());
            assertThat(response.body().readNBytes(10)).hasSize(10);

            assertThat(aborted.await(300, TimeUnit.MILLISECONDS)).isFalse();
            assertThat(copies).isEmpty();
            assertThat(body).isNotNull();
            assertThat(body.isCopying())
                    .as("little has come, as little was read")
                    .isTrue();
            response.body().close();
            assertNoCopy();
        }

        @Test
        void isGivenUpWithoutAWordWhereItIsTooLong() throws Exception {
            most = 1_000;
            for (String path : List.of("/lines", "/lines/long")) {
                assertThat(send(path, BodyHandlers.ofString()).body()).isEqualTo(LINES);
                assertNoCopy();
            }
        }

        @Test
        void isGivenUpWithABodyThatFails() {
            assertThatThrownBy(() -> send("/cut", BodyHandlers.ofString()))
                    .isInstanceOf(IOException.class)
                    .hasStackTraceContaining("received");
            assertNoCopy();
        }

        @Test
        void leavesTheFailureOfASubscriberAsItIs() {
            BodyHandler<Path> nowhere = BodyHandlers.ofFile(Path.of("no such directory", "body"));
            assertThatThrownBy(() -> send("/lines", nowhere)).isInstanceOf(IOException.class);
            BodyHandler<Object> failing = info -> new Failing();
            assertThatThrownBy(() -> send("/endless", failing))
                    .satisfies(thrown -> assertThat(Stream.of(thrown, body == null ? null : body.whyGivenUp()))
                            .anySatisfy(why -> assertThat(why).hasStackTraceContaining("only XML")));
            assertNoCopy();
        }

        @Test
        void isWholeWithinABodyWithADeadline() throws Exception {
            URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/lines");
            HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(uri).build(),
                    info -> new BoundedBody<>(
                            copied(
                                    BodyHandlers.ofString().apply(info),
                                    -1,
                                    most,
                                    bytes -> copies.add(new String(bytes, StandardCharsets.UTF_8))),
                            (site, fault) -> faults.add(fault),
                            thrown -> {}));
            assertThat(response.body()).isEqualTo(LINES);
            assertThat(eventually(() -> copies.contains(LINES))).isTrue();
            assertThat(faults).isEmpty();
        }

        private void assertNoCopy() {
            assertThat(eventually(() -> body != null && !body.isCopying())).isTrue();
            assertThat(copies).isEmpty();
            assertThat(faults).isEmpty();
        }

        private <T> HttpResponse<T> send(String path, BodyHandler<T> handler) throws Exception {
            URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
            return client.send(HttpRequest.newBuilder(uri).build(), info -> {
                CopiedBody<T> copied = copied(
                        handler.apply(info),
                        info.headers().firstValueAsLong("Content-Length").orElse(-1),
                        most,
                        bytes -> copies.add(new String(bytes, StandardCharsets.UTF_8)));
                body = copied;
                return copied;
            });
        }
    }

    @Nested
    class BetweenTheTwo {
        private final Upstream upstream = new Upstream();
        private final Queue<Object> told = new ConcurrentLinkedQueue<>();

        @Test
        void demandAndCancelPassAsTheyAre() {
            CopiedBody<Object> body = begun(-1, MOST);
            body.getBody();
            body.request(1);
            body.request(Long.MAX_VALUE);
            body.request(-3);
            body.cancel();

            assertThat(upstream.asked).containsExactly("1", "" + Long.MAX_VALUE, "-3", "cancel");
        }

        @Test
        void aCancelWaitsUntilTheLibraryHasAsked() {
            CopiedBody<Object> body = begun(-1, MOST);
            body.cancel();
            assertThat(upstream.asked).isEmpty();
            assertThat(body.isCopying()).isFalse();
            body.getBody();
            assertThat(upstream.asked).containsExactly("cancel");
        }

        @Test
        void theSubscriberMayDoWithTheBuffersWhatItLikes() {
            CopiedBody<Object> body = begun(-1, MOST);
            ByteBuffer within = ByteBuffer.wrap("xabcx".getBytes(StandardCharsets.UTF_8), 1, 3);
            body.onNext(List.of(
                    within,
                    ByteBuffer.wrap("de".getBytes(StandardCharsets.UTF_8)).asReadOnlyBuffer()));
            assertThat(within.hasRemaining()).as("it read them").isFalse();
            body.onComplete();

            assertThat(copies).containsExactly("abcde");
            assertThat(told).containsExactly("abc", "de", "complete");
        }

        @ParameterizedTest
        @ValueSource(longs = {-1, 0, 3, 10, 11})
        void theLastByteThatFitsIsKept(long expected) {
            CopiedBody<Object> body = begun(Math.min(10, expected), 10);
            deliver(body, "abc");
            deliver(body, "defghij");
            assertThat(body.isCopying()).isTrue();
            body.onComplete();
            assertThat(copies).containsExactly("abcdefghij");
        }

        @Test
        void oneMoreIsTooMany() {
            CopiedBody<Object> body = begun(-1, 10);
            deliver(body, "abcdefghij");
            deliver(body, "k");
            assertThat(body.isCopying()).isFalse();
            deliver(body, "");
            body.onComplete();
            assertThat(copies).isEmpty();
            assertThat(told).containsExactly("abcdefghij", "k", "", "complete");
            assertThat(begun(11, 10).isCopying()).as("as it is announced").isFalse();
        }

        @Test
        void whatWasAnnouncedIsHandedOverWithoutAnotherCopy() {
            List<byte[]> whole = new ArrayList<>();
            CopiedBody<Object> body = copied(new Recording(told), 5, 10, whole::add);
            body.onSubscribe(upstream);
            deliver(body, "abc");
            deliver(body, "de");
            body.onComplete();
            assertThat(whole).containsExactly("abcde".getBytes(StandardCharsets.UTF_8));
        }

        @Test
        void afterAFailureThereIsNone() {
            CopiedBody<Object> body = begun(-1, MOST);
            deliver(body, "abc");
            IOException reset = new IOException("reset");
            body.onError(reset);

            assertThat(copies).isEmpty();
            assertThat(body.isCopying()).isFalse();
            assertThat(told).containsExactly("abc", reset);
        }

        @Test
        void afterACancelThereIsNoneWhateverStillComes() {
            CopiedBody<Object> body = begun(-1, MOST);
            deliver(body, "abc");
            body.cancel();
            deliver(body, "d");
            body.onComplete();

            assertThat(copies).isEmpty();
            assertThat(told).containsExactly("abc", "d", "complete");
        }

        @Test
        void aCancelWhileItIsCopiedIsSeen() {
            Recording cancelling = new Recording(told);
            CopiedBody<Object> body = copied(cancelling, -1, MOST, bytes -> copies.add("a copy"));
            cancelling.onNext = body::cancel;
            body.onSubscribe(upstream);
            deliver(body, "abc");
            deliver(body, "def");
            body.onComplete();

            assertThat(body.isCopying()).isFalse();
            assertThat(copies).isEmpty();
        }

        @Test
        void theApplicationIsToldOfTheEndFirst() {
            Recording recording = new Recording(told);
            CopiedBody<Object> body = copied(recording, -1, MOST, bytes -> told.add("copy"));
            body.onSubscribe(upstream);
            body.onComplete();

            assertThat(told).containsExactly("complete", "copy");
        }

        @Test
        void aFaultOfOursIsReportedAndNothingElse() {
            CopiedBody<Object> body = copied(new Recording(told), -1, MOST, bytes -> {
                throw new IllegalStateException("ours");
            });
            body.onSubscribe(upstream);
            deliver(body, "abc");
            body.onComplete();

            assertThat(told).containsExactly("abc", "complete");
            assertThat(faults).singleElement().asString().contains("ours");
        }

        @Test
        void aFaultWhileCopyingLeavesTheBodyAlone() {
            CopiedBody<Object> body = begun(-1, MOST);
            AtomicInteger reads = new AtomicInteger();
            body.onNext(new AbstractList<>() {
                @Override
                public ByteBuffer get(int index) {
                    if (reads.getAndIncrement() == 0) {
                        throw new IllegalStateException("the first to read fails");
                    }
                    return ByteBuffer.wrap("abc".getBytes(StandardCharsets.UTF_8));
                }

                @Override
                public int size() {
                    return 1;
                }
            });
            body.onComplete();

            assertThat(told).containsExactly("abc", "complete");
            assertThat(copies).isEmpty();
            assertThat(faults).singleElement().asString().contains("the first to read fails");
        }

        private CopiedBody<Object> begun(long expected, int most) {
            CopiedBody<Object> body = copied(
                    new Recording(told),
                    expected,
                    most,
                    bytes -> copies.add(new String(bytes, StandardCharsets.UTF_8)));
            body.onSubscribe(upstream);
            return body;
        }

        private void deliver(CopiedBody<Object> body, String text) {
            body.onNext(List.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
        }
    }

    private <T> CopiedBody<T> copied(BodySubscriber<T> theirs, long expected, int most, Consumer<byte[]> whole) {
        return new CopiedBody<>(theirs, (site, fault) -> faults.add(fault), expected, most, whole);
    }

    /** What the library is asked for. */
    private static final class Upstream implements Flow.Subscription {
        private final List<String> asked = new ArrayList<>();

        @Override
        public void request(long n) {
            asked.add("" + n);
        }

        @Override
        public void cancel() {
            asked.add("cancel");
        }
    }

    /** A subscriber that reads its buffers and notes what it is told. */
    private static final class Recording implements BodySubscriber<Object> {
        private final Queue<Object> told;
        private Runnable onNext = () -> {};

        Recording(Queue<Object> told) {
            this.told = told;
        }

        @Override
        public CompletionStage<Object> getBody() {
            return new CompletableFuture<>();
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {}

        @Override
        public void onNext(List<ByteBuffer> items) {
            for (ByteBuffer item : items) {
                told.add(StandardCharsets.UTF_8.decode(item).toString());
            }
            onNext.run();
        }

        @Override
        public void onError(Throwable thrown) {
            told.add(thrown);
        }

        @Override
        public void onComplete() {
            told.add("complete");
        }
    }

    /** Fails at the first bytes and wants no more. */
    private static final class Failing implements BodySubscriber<Object> {
        private final BodySubscriber<String> body = BodySubscribers.ofString(StandardCharsets.UTF_8);
        private final CompletableFuture<Object> failed = new CompletableFuture<>();
        private Flow.@Nullable Subscription subscription;

        @Override
        public CompletionStage<Object> getBody() {
            return failed;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            this.subscription = subscription;
            body.onSubscribe(subscription);
        }

        @Override
        public void onNext(List<ByteBuffer> items) {
            failed.completeExceptionally(new IllegalStateException("only XML"));
            if (subscription != null) {
                subscription.cancel();
            }
        }

        @Override
        public void onError(Throwable thrown) {
            failed.completeExceptionally(thrown);
        }

        @Override
        public void onComplete() {}
    }

    private static final class Lines implements Flow.Subscriber<String> {
        private volatile int count;

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate") // lines come one after the other
        public void onNext(String line) {
            count++;
        }

        @Override
        public void onError(Throwable thrown) {}

        @Override
        public void onComplete() {}
    }

    /** Takes one piece after the other. */
    private static final class Pieces implements Flow.Subscriber<List<ByteBuffer>> {
        private final CompletableFuture<Integer> end = new CompletableFuture<>();
        private Flow.@Nullable Subscription subscription;
        private int length;

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            this.subscription = subscription;
            subscription.request(1);
        }

        @Override
        public void onNext(List<ByteBuffer> items) {
            items.forEach(item -> length += item.remaining());
            if (subscription != null) {
                subscription.request(1);
            }
        }

        @Override
        public void onError(Throwable thrown) {
            end.completeExceptionally(thrown);
        }

        @Override
        public void onComplete() {
            end.complete(length);
        }
    }
}
