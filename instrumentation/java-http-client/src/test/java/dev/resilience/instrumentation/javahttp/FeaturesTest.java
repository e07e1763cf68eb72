package dev.resilience.instrumentation.javahttp;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.testkit.ScriptedGuards;
import dev.resilience.testkit.Woven;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.PasswordAuthentication;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * All that the client can do, on every transport, with the client's own code first and then woven: whoever uses it sees
 * the same, and each use is one call to the guard.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(30)
class FeaturesTest {
    private static final String PUSH = "push";

    private final ScriptedGuards guards = JavaHttpClientContractTest.scripted();
    private final JettyServer server = new JettyServer();
    private final Map<Transport, HttpClient> clients = new EnumMap<>(Transport.class);
    private final Map<String, Use> uses = new TreeMap<>();
    private final Map<String, String> bare = new HashMap<>();
    private @Nullable Woven woven;

    @TempDir
    static Path directory;

    /** Something an application does with the client, and all it sees of it as text. */
    private interface Use {
        String on(Transport transport, Way way) throws Exception;
    }

    /** One of the client's two ways to send. */
    private interface Way {
        <T> HttpResponse<T> send(HttpClient client, HttpRequest request, BodyHandler<T> handler) throws Exception;
    }

    /** The synchronous way. */
    private static final class Send implements Way {
        @Override
        public <T> HttpResponse<T> send(HttpClient client, HttpRequest request, BodyHandler<T> handler)
                throws Exception {
            return client.send(request, handler);
        }
    }

    /** The asynchronous way. */
    private static final class SendAsync implements Way {
        @Override
        public <T> HttpResponse<T> send(HttpClient client, HttpRequest request, BodyHandler<T> handler)
                throws Exception {
            return client.sendAsync(request, handler).get(20, TimeUnit.SECONDS);
        }
    }

    private static final List<Way> WAYS = List.of(new Send(), new SendAsync());

    @BeforeAll
    void useBareThenWeave() throws IOException {
        for (Transport transport : Transport.values()) {
            clients.put(
                    transport,
                    transport
                            .client()
                            .followRedirects(HttpClient.Redirect.NORMAL)
                            .build());
        }
        publishers();
        handlers();
        journeys();
        cases().forEach(given -> bare.put(key(given.get()), seen(given.get())));
        woven = Woven.with(new JavaHttpClientModule(), guards);
        assertThat(woven.warnings()).isEmpty();
    }

    @AfterAll
    void close() {
        if (woven != null) {
            woven.close();
        }
        server.close();
    }

    @BeforeEach
    void reset() {
        guards.reset();
    }

    Stream<Arguments> cases() {
        return uses.keySet().stream()
                .flatMap(name -> Stream.of(Transport.values())
                        .filter(transport -> transport.isHttp2() || !name.equals(PUSH))
                        .map(transport -> Arguments.of(name, transport)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void observedItIsTheSame(String name, Transport transport) {
        assertSameAsBare(name, transport);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cases")
    void boundByADeadlineFarAwayItIsTheSame(String name, Transport transport) {
        guards.bound(Duration.ofMinutes(1));
        assertSameAsBare(name, transport);
    }

    private void assertSameAsBare(String name, Transport transport) {
        Object[] given = {name, transport};
        assertThat(seen(given)).isEqualTo(bare.get(key(given)));
        assertThat(guards.admitted()).isEqualTo(WAYS.size());
        assertThat(eventually(() -> guards.inFlight() == 0)).isTrue();
        assertThat(guards.endings()).hasSize(WAYS.size());
        assertThat(guards.reported()).isEmpty();
    }

    private void publishers() throws IOException {
        byte[] bytes = "hello".getBytes(StandardCharsets.UTF_8);
        Path file = Files.write(directory.resolve("sent"), bytes);
        publisher("noBody", BodyPublishers::noBody);
        publisher("ofString", () -> BodyPublishers.ofString("hello"));
        publisher("ofByteArray", () -> BodyPublishers.ofByteArray(bytes, 1, 3));
        publisher("ofByteArrays", () -> BodyPublishers.ofByteArrays(List.of(bytes, bytes)));
        publisher("ofInputStream", () -> BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)));
        publisher(
                "ofInputStream that is long",
                () -> BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[300_000])));
        publisher("ofFile", () -> {
            try {
                return BodyPublishers.ofFile(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        publisher(
                "concat",
                () -> BodyPublishers.concat(BodyPublishers.ofString("one"), BodyPublishers.ofByteArray(bytes)));
        publisher("fromPublisher", () -> BodyPublishers.fromPublisher(BodyPublishers.ofString("hello")));
        publisher("fromPublisher of a length", () -> BodyPublishers.fromPublisher(BodyPublishers.ofString("hello"), 5));
        publisher("fromPublisher that fails", () -> BodyPublishers.fromPublisher(new Failing()));
        publisher("ofInputStream that fails", () -> BodyPublishers.ofInputStream(Unreadable::new));
        use(
                "publisher that is asked whether to continue",
                (transport, way) -> text(way.send(
                        client(transport),
                        request(transport, "/echo")
                                .POST(BodyPublishers.ofString("hello"))
                                .expectContinue(true)
                                .build(),
                        BodyHandlers.ofString())));
    }

    private void handlers() {
        handler("ofString", BodyHandlers::ofString, body -> body);
        handler("ofByteArray", BodyHandlers::ofByteArray, body -> new String(body, StandardCharsets.UTF_8));
        handler("ofInputStream", BodyHandlers::ofInputStream, FeaturesTest::read);
        handler("ofLines", BodyHandlers::ofLines, lines -> lines.toList().toString());
        handler("ofPublisher", BodyHandlers::ofPublisher, publisher -> {
            Collector collector = new Collector();
            publisher.subscribe(collector);
            return collector.text();
        });
        handler("ofFile", () -> BodyHandlers.ofFile(directory.resolve("received")), FeaturesTest::read);
        handler(
                "ofFileDownload",
                () -> BodyHandlers.ofFileDownload(
                        directory,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING),
                FeaturesTest::read);
        handler("discarding", BodyHandlers::discarding, String::valueOf);
        handler("replacing", () -> BodyHandlers.replacing("mine"), body -> body);
        handler("buffering", () -> BodyHandlers.buffering(BodyHandlers.ofString(), 3), body -> body);
        use("handler ofByteArrayConsumer", (transport, way) -> {
            ByteArrayOutputStream consumed = new ByteArrayOutputStream();
            HttpResponse<Void> response = way.send(
                    client(transport),
                    request(transport, "/lines").build(),
                    BodyHandlers.ofByteArrayConsumer(part -> part.ifPresent(consumed::writeBytes)));
            return text(response) + " consumed " + consumed;
        });
        use("handler fromSubscriber", (transport, way) -> {
            Collector collector = new Collector();
            HttpResponse<Void> response = way.send(
                    client(transport), request(transport, "/lines").build(), BodyHandlers.fromSubscriber(collector));
            return text(response) + " told " + collector.text();
        });
        use("handler fromSubscriber with a finisher", (transport, way) -> {
            HttpResponse<String> response = way.send(
                    client(transport),
                    request(transport, "/lines").build(),
                    BodyHandlers.fromSubscriber(new Collector(), Collector::text));
            return text(response);
        });
        use("handler fromLineSubscriber", (transport, way) -> {
            Lines lines = new Lines();
            HttpResponse<String> response = way.send(
                    client(transport),
                    request(transport, "/lines").build(),
                    BodyHandlers.fromLineSubscriber(lines, told -> String.join("+", told.told()), "\n"));
            return text(response);
        });
        for (long most : new long[] {100, 5}) {
            use(
                    "handler limiting to " + most,
                    (transport, way) -> text(way.send(
                            client(transport),
                            request(transport, "/lines").build(),
                            limiting(BodyHandlers.ofString(), most))));
        }
        use(
                "handler of its own that fails",
                (transport, way) -> text(
                        way.send(client(transport), request(transport, "/lines").build(), info -> {
                            throw new IllegalStateException("no subscriber for " + info.statusCode());
                        })));
        use("handler that is told of the head", (transport, way) -> {
            List<String> told = new CopyOnWriteArrayList<>();
            List<String> threads = new CopyOnWriteArrayList<>();
            HttpResponse<String> response = way.send(
                    client(transport), request(transport, "/status/404").build(), info -> {
                        told.add(info.statusCode() + " " + info.version() + " "
                                + info.headers().map());
                        threads.add(Thread.currentThread().getName());
                        return BodyHandlers.ofString().apply(info);
                    });
            // the caller's own thread too, when the answer is faster than the caller
            assertThat(threads)
                    .singleElement(InstanceOfAssertFactories.STRING)
                    .containsAnyOf("HttpClient-", Thread.currentThread().getName());
            return text(response) + " told " + told;
        });
    }

    private void journeys() {
        for (int status : new int[] {301, 302, 303, 307, 308}) {
            use(
                    "redirect " + status,
                    (transport, way) -> text(way.send(
                            client(transport),
                            request(transport, "/redirect/" + status)
                                    .header("X-Own", "kept")
                                    .POST(BodyPublishers.ofString("hello"))
                                    .build(),
                            BodyHandlers.ofString())));
        }
        use("answers of the application, in their order", (transport, way) -> {
            List<String> order = new CopyOnWriteArrayList<>();
            HttpClient client = transport
                    .client()
                    .authenticator(new Keeper(order))
                    .cookieHandler(new Jar(order))
                    .proxy(new Direct(order))
                    .build();
            HttpResponse<String> response =
                    way.send(client, request(transport, "/login").build(), info -> {
                        order.add("handler " + info.statusCode());
                        return BodyHandlers.ofString().apply(info);
                    });
            return text(response) + " in the order " + order;
        });
        use(PUSH, (transport, way) -> {
            ConcurrentMap<HttpRequest, CompletableFuture<HttpResponse<String>>> pushed = new ConcurrentHashMap<>();
            HttpResponse<String> response = client(transport)
                    .sendAsync(
                            request(transport, "/push").build(),
                            BodyHandlers.ofString(),
                            PushPromiseHandler.of(promise -> BodyHandlers.ofString(), pushed))
                    .get(20, TimeUnit.SECONDS);
            List<String> unasked = new ArrayList<>();
            for (CompletableFuture<HttpResponse<String>> each : pushed.values()) {
                unasked.add(text(each.get(20, TimeUnit.SECONDS)));
            }
            unasked.sort(null);
            return text(response) + " and " + unasked;
        });
    }

    private void publisher(String name, Supplier<BodyPublisher> publisher) {
        use(
                "publisher " + name,
                (transport, way) -> text(way.send(
                        client(transport),
                        request(transport, "/echo").POST(publisher.get()).build(),
                        BodyHandlers.ofString())));
    }

    private <T> void handler(String name, Supplier<BodyHandler<T>> handler, Function<T, String> reader) {
        use("handler " + name, (transport, way) -> {
            HttpResponse<T> response =
                    way.send(client(transport), request(transport, "/file").build(), handler.get());
            return text(response, reader.apply(response.body()));
        });
    }

    private void use(String name, Use use) {
        uses.put(name, use);
    }

    private Use use(String name) {
        Use use = uses.get(name);
        if (use == null) {
            throw new AssertionError("no use " + name);
        }
        return use;
    }

    private HttpClient client(Transport transport) {
        HttpClient client = clients.get(transport);
        if (client == null) {
            throw new AssertionError("no client " + transport);
        }
        return client;
    }

    private HttpRequest.Builder request(Transport transport, String path) {
        return HttpRequest.newBuilder(server.uri(transport, path));
    }

    private static String key(Object[] given) {
        return given[0] + " " + given[1];
    }

    private String seen(Object[] given) {
        StringBuilder text = new StringBuilder();
        for (Way way : WAYS) {
            text.append(seen(() -> use((String) given[0]).on((Transport) given[1], way)));
        }
        return text.toString();
    }

    private static String seen(java.util.concurrent.Callable<String> call) {
        StringBuilder text = new StringBuilder();
        try {
            text.append(call.call());
        } catch (Exception e) {
            Throwable thrown = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
            for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
                text.append(" thrown ").append(cause);
            }
        }
        return text.append('\n').toString();
    }

    private static String text(HttpResponse<?> response) {
        return text(response, String.valueOf(response.body()));
    }

    private static String text(HttpResponse<?> response, String body) {
        StringBuilder text = new StringBuilder();
        for (HttpResponse<?> one = response;
                one != null;
                one = one.previousResponse().orElse(null)) {
            text.append(one.statusCode())
                    .append(' ')
                    .append(one.version())
                    .append(' ')
                    .append(one.request().method())
                    .append(' ')
                    .append(one.uri())
                    .append(' ')
                    .append(one.headers().map())
                    .append(' ')
                    .append(one.sslSession().map(session -> session.getProtocol()))
                    .append(" <- ");
        }
        return text.append(body).toString();
    }

    private static String read(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return file.getFileName() + " " + Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The JDK's, where it has one. */
    @SuppressWarnings("unchecked") // its signature says so
    private static <T> BodyHandler<T> limiting(BodyHandler<T> handler, long most) throws Exception {
        try {
            return (BodyHandler<T>) BodyHandlers.class
                    .getMethod("limiting", BodyHandler.class, long.class)
                    .invoke(null, handler, most);
        } catch (NoSuchMethodException before25) {
            return handler;
        }
    }

    /** A body that cannot be read. */
    private static final class Unreadable extends InputStream {
        @Override
        public int read() throws IOException {
            throw new IOException("unreadable");
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            throw new IOException("unreadable");
        }
    }

    /** A body that ends in an error before it begins. */
    private static final class Failing implements Flow.Publisher<ByteBuffer> {
        @Override
        public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
            subscriber.onSubscribe(new Flow.Subscription() {
                @Override
                public void request(long n) {
                    subscriber.onError(new IOException("nothing to send"));
                }

                @Override
                public void cancel() {}
            });
        }
    }

    /** Gathers a body, one piece at a time. */
    private static final class Collector implements Flow.Subscriber<List<ByteBuffer>> {
        private final CompletableFuture<String> end = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();
        private Flow.@Nullable Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(1);
        }

        @Override
        public void onNext(List<ByteBuffer> items) {
            items.forEach(item -> text.append(StandardCharsets.UTF_8.decode(item)));
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
            end.complete(text.toString());
        }

        String text() {
            return end.orTimeout(20, TimeUnit.SECONDS).join();
        }
    }

    /** The application's passwords. */
    private static final class Keeper extends Authenticator {
        private final List<String> order;

        Keeper(List<String> order) {
            this.order = order;
        }

        @Override
        protected PasswordAuthentication getPasswordAuthentication() {
            order.add("authenticator for " + getRequestingPrompt());
            return new PasswordAuthentication("me", "secret".toCharArray());
        }
    }

    /** The application's cookies. */
    private static final class Jar extends CookieHandler {
        private final List<String> order;

        Jar(List<String> order) {
            this.order = order;
        }

        @Override
        public Map<String, List<String>> get(URI uri, Map<String, List<String>> headers) {
            order.add("cookies for " + uri.getPath());
            return Map.of("Cookie", List.of("a=b"));
        }

        @Override
        public void put(URI uri, Map<String, List<String>> headers) {
            order.add("cookies from " + uri.getPath() + " " + new TreeMap<>(headers));
        }
    }

    /** The application's way to a target: there is no proxy. */
    private static final class Direct extends ProxySelector {
        private final List<String> order;

        Direct(List<String> order) {
            this.order = order;
        }

        @Override
        public List<java.net.Proxy> select(URI uri) {
            order.add("proxy for " + uri.getPath());
            return List.of(java.net.Proxy.NO_PROXY);
        }

        @Override
        public void connectFailed(URI uri, SocketAddress address, IOException thrown) {
            order.add("no connection to " + uri);
        }
    }
}
