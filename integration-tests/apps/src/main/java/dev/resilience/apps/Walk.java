package dev.resilience.apps;

import com.zaxxer.hikari.HikariDataSource;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.stub.ClientCalls;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes calls at random that end in every way a call can end, and says how many of each.
 *
 * <p>Arguments: CALLS SEED HTTP-URL GRPC-TARGET JDBC-URL. A call that is refused is not counted and not one of CALLS.
 * Then it reads lines: {@code probe} makes one good call with each client, {@code hang}
 * begins an HTTP call nothing bounds; each is answered by a line.
 */
public final class Walk {
    private static final int THREADS = 6;
    private static final Duration SHORT = Duration.ofMillis(15);

    /** One call. */
    private interface Path {
        void call() throws Exception;
    }

    private final Map<String, Path> http = new LinkedHashMap<>();
    private final Map<String, Path> grpc = new LinkedHashMap<>();
    private final Map<String, Path> jdbc = new LinkedHashMap<>();
    private final List<Map<String, Path>> clients = List.of(http, grpc, jdbc);

    private final HttpClient client = HttpClient.newHttpClient();
    private final String url;
    private final ManagedChannel channel;
    private final HikariDataSource pool = new HikariDataSource();
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "walk");
        thread.setDaemon(true);
        return thread;
    });

    private Walk(String url, String target, String jdbcUrl) {
        this.url = url;
        this.channel = ManagedChannelBuilder.forTarget(target).usePlaintext().build();
        pool.setJdbcUrl(jdbcUrl);
        pool.setMaximumPoolSize(2 * THREADS);
        pool.setInitializationFailTimeout(-1);
        addHttp();
        addGrpc();
        addJdbc();
    }

    /** Walks, then does what its input says until that ends. */
    public static void main(String[] arguments) throws Exception {
        Walk walk = new Walk(arguments[2], arguments[3], arguments[4]);
        int calls = Integer.parseInt(arguments[0]);
        long seed = Long.parseLong(arguments[1]);
        String[] names = {"http", "grpc", "jdbc"};
        for (int i = 0; i < names.length; i++) {
            System.out.println("walked " + names[i] + " " + walk.walk(walk.clients.get(i), calls, seed + 100L * i));
        }
        System.out.println("done");
        walk.obey();
    }

    private String walk(Map<String, Path> paths, int calls, long seed) throws Exception {
        AtomicInteger left = new AtomicInteger(calls);
        AtomicInteger refused = new AtomicInteger();
        Map<String, Integer> made = new TreeMap<>();
        List<Map.Entry<String, Path>> all = List.copyOf(paths.entrySet());
        Future<?>[] walkers = new Future<?>[THREADS];
        long start = System.nanoTime();
        for (int i = 0; i < THREADS; i++) {
            Random random = new Random(seed + i);
            walkers[i] = threads.submit(() -> {
                while (left.getAndUpdate(open -> Math.max(0, open - 1)) > 0) {
                    var path = all.get(random.nextInt(8) == 0 ? random.nextInt(all.size()) : random.nextInt(9));
                    if (isRefused(path.getValue())) {
                        refused.incrementAndGet();
                        left.incrementAndGet();
                        LockSupport.parkNanos(5_000_000);
                    } else {
                        synchronized (made) {
                            made.merge(path.getKey(), 1, Integer::sum);
                        }
                    }
                }
            });
        }
        for (Future<?> walker : walkers) {
            walker.get();
        }
        int sum = made.values().stream().mapToInt(Integer::intValue).sum();
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        return sum + " calls in " + millis + " ms, seed " + seed + ", refused besides " + refused + ", " + made;
    }

    private static boolean isRefused(Path path) {
        try {
            path.call();
        } catch (Exception thrown) {
            for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
                if (String.valueOf(cause.getMessage()).contains("circuit_open (102)")) {
                    return true;
                }
            }
        }
        return false;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // its end is the end of the process
    private void obey() throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            switch (line) {
                case "hang" -> client.sendAsync(get("/hang/forever"), BodyHandlers.discarding());
                default -> {
                    for (Map<String, Path> paths : clients) {
                        try {
                            paths.values().iterator().next().call();
                        } catch (Exception thrown) {
                            line = "not yet: " + thrown;
                        }
                    }
                }
            }
            System.out.println("answer " + line);
        }
    }

    // The first of each answers well; the first nine are the common ones, the rest cost time or memory.

    @SuppressWarnings("FutureReturnValueIgnored") // dropping futures is what some are for
    private void addHttp() {
        http.put("answered", () -> client.send(get("/status/200"), BodyHandlers.ofString()));
        http.put(
                "answered async",
                () -> client.sendAsync(get("/status/200"), BodyHandlers.ofString())
                        .get(20, TimeUnit.SECONDS));
        http.put("said no", () -> client.send(get("/status/404"), BodyHandlers.ofString()));
        http.put("failed", () -> client.send(get("/status/503"), BodyHandlers.ofString()));
        http.put(
                "failed async",
                () -> client.sendAsync(get("/status/503"), BodyHandlers.ofString())
                        .get(20, TimeUnit.SECONDS));
        http.put(
                "cancelled at once",
                () -> admitted(client.sendAsync(get("/status/200"), BodyHandlers.ofString()))
                        .cancel(true));
        http.put("future dropped", () -> admitted(client.sendAsync(get("/status/200"), BodyHandlers.ofString())));
        http.put(
                "body closed unread",
                () -> client.send(get("/status/200"), BodyHandlers.ofInputStream())
                        .body()
                        .close());
        http.put("body never read", () -> client.send(get("/status/200"), BodyHandlers.ofInputStream()));
        http.put("publisher never subscribed to", () -> client.send(get("/status/200"), BodyHandlers.ofPublisher()));
        http.put("lines never read", () -> client.send(get("/status/200"), BodyHandlers.ofLines()));
        http.put("body left half-way", () -> {
            try (InputStream body =
                    client.send(get("/half"), BodyHandlers.ofInputStream()).body()) {
                body.readNBytes(2);
            }
        });
        http.put("half a body, dropped", () -> client.send(get("/half"), BodyHandlers.ofInputStream()));
        http.put(
                "half a body, cancelled",
                () -> cancelSoon(admitted(client.sendAsync(get("/half"), BodyHandlers.ofString()))));
        http.put(
                "cancelled before headers",
                () -> cancelSoon(admitted(client.sendAsync(get("/hang"), BodyHandlers.ofString()))));
        http.put("deadline", () -> client.send(get("/hang"), BodyHandlers.ofString()));
        http.put("deadline in the body", () -> client.send(get("/half"), BodyHandlers.ofString()));
        http.put("hanging future dropped", () -> admitted(client.sendAsync(get("/hang"), BodyHandlers.ofString())));
        http.put(
                "caller's own timeout",
                () -> client.send(
                        HttpRequest.newBuilder(URI.create(url + "/hang"))
                                .timeout(SHORT)
                                .build(),
                        BodyHandlers.ofString()));
        http.put("interrupted", () -> interruptSoon(() -> client.send(get("/hang"), BodyHandlers.ofString())));
        http.put(
                "nobody there",
                () -> client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:1/"))
                                .build(),
                        BodyHandlers.ofString()));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // dropping futures is what some are for
    private void addGrpc() {
        grpc.put("answered", () -> say("hello", CallOptions.DEFAULT));
        grpc.put(
                "answered stream",
                () -> ClientCalls.blockingServerStreamingCall(channel, Echo.LIST, CallOptions.DEFAULT, "a,b,c")
                        .forEachRemaining(item -> {}));
        grpc.put("said no", () -> say("fail NOT_FOUND", CallOptions.DEFAULT));
        grpc.put("failed", () -> say("fail UNAVAILABLE", CallOptions.DEFAULT));
        grpc.put("never started", () -> channel.newCall(Echo.SAY, CallOptions.DEFAULT));
        grpc.put(
                "cancelled unstarted",
                () -> channel.newCall(Echo.SAY, CallOptions.DEFAULT).cancel("left", null));
        grpc.put("cancelled at once", () -> future("hello", CallOptions.DEFAULT).cancel(true));
        grpc.put("future dropped", () -> future("hello", CallOptions.DEFAULT));
        grpc.put("stream left half-way", () -> {
            ClientCall<String, String> call = channel.newCall(Echo.CHAT, CallOptions.DEFAULT);
            call.start(new ClientCall.Listener<>() {}, new Metadata());
            call.request(1);
            call.sendMessage("a");
            call.cancel("left", null);
        });
        grpc.put("cancelled", () -> cancelSoon(future("hang", CallOptions.DEFAULT)));
        grpc.put("deadline", () -> say("hang", CallOptions.DEFAULT));
        grpc.put("hanging future dropped", () -> future("hang", CallOptions.DEFAULT));
        grpc.put(
                "caller's own deadline",
                () -> say("hang", CallOptions.DEFAULT.withDeadlineAfter(SHORT.toMillis(), TimeUnit.MILLISECONDS)));
        grpc.put("answer never asked for", () -> {
            ClientCall<String, String> call = channel.newCall(Echo.LIST, CallOptions.DEFAULT);
            call.start(new ClientCall.Listener<>() {}, new Metadata());
            call.sendMessage("a,b,c");
            call.halfClose();
            cancelSoon(call);
        });
        grpc.put("interrupted", () -> interruptSoon(() -> say("hang", CallOptions.DEFAULT)));
    }

    private void addJdbc() {
        jdbc.put("answered", () -> sql("select 1"));
        jdbc.put("answered prepared", () -> {
            try (Connection connection = pool.getConnection();
                    var statement = connection.prepareStatement("select ?::int")) {
                statement.setInt(1, 1);
                statement.executeQuery();
            }
        });
        jdbc.put("batch", () -> {
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement()) {
                statement.addBatch("set application_name = 'walk'");
                statement.executeBatch();
            }
        });
        jdbc.put("said no", () -> sql("select no_such_column"));
        jdbc.put("failed", () -> sql("do $$ begin raise exception 'as told' using errcode = '53300'; end $$"));
        jdbc.put("batch failed", () -> {
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement()) {
                statement.addBatch("select no_such_column");
                statement.executeBatch();
            }
        });
        jdbc.put("never executed", () -> {
            try (Connection connection = pool.getConnection();
                    var statement = connection.prepareStatement("select 1")) {
                statement.setFetchSize(1);
            }
        });
        jdbc.put("rows never read", () -> {
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement()) {
                statement.executeQuery("select generate_series(1, 50)");
            }
        });
        jdbc.put("on a closed statement", () -> {
            try (Connection connection = pool.getConnection()) {
                Statement statement = connection.createStatement();
                statement.close();
                statement.execute("select 1");
            }
        });
        jdbc.put("cancelled", this::cancelledStatement);
        jdbc.put("deadline", () -> sql("select pg_sleep(30)"));
        jdbc.put("the server's own timeout", () -> {
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.execute("set local statement_timeout = 15");
                statement.execute("select pg_sleep(30)");
            }
        });
        jdbc.put("backend killed", () -> sql("select pg_terminate_backend(pg_backend_pid())"));
        jdbc.put("interrupted", () -> interruptSoon(() -> sql("select pg_sleep(0.05)")));
    }

    private HttpRequest get(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).build();
    }

    private void say(String text, CallOptions options) {
        ClientCalls.blockingUnaryCall(channel, Echo.SAY, options, text);
    }

    private Future<String> future(String text, CallOptions options) throws Exception {
        return admitted(ClientCalls.futureUnaryCall(channel.newCall(Echo.SAY, options), text));
    }

    /** Throws what a call that was refused at once throws, so that it is not counted. */
    private static <F extends Future<?>> F admitted(F future) throws Exception {
        if (future.isDone()) {
            future.get();
        }
        return future;
    }

    private void sql(String sql) throws SQLException {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void cancelledStatement() throws Exception {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            Future<?> cancel = threads.submit(() -> {
                LockSupport.parkNanos(SHORT.toNanos());
                statement.cancel();
                return null;
            });
            try {
                statement.execute("select pg_sleep(30)");
            } finally {
                cancel.get(20, TimeUnit.SECONDS);
            }
        }
    }

    private static void cancelSoon(Future<?> future) {
        LockSupport.parkNanos(SHORT.toNanos());
        future.cancel(true);
    }

    private static void cancelSoon(ClientCall<?, ?> call) {
        LockSupport.parkNanos(SHORT.toNanos());
        call.cancel("left", null);
    }

    private static void interruptSoon(Path path) throws Exception {
        Thread caller = Thread.currentThread();
        CompletableFuture<Void> sent = CompletableFuture.runAsync(
                caller::interrupt, CompletableFuture.delayedExecutor(SHORT.toMillis(), TimeUnit.MILLISECONDS));
        try {
            path.call();
        } finally {
            sent.join();
            Thread.interrupted();
        }
    }
}
