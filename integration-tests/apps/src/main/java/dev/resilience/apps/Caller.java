package dev.resilience.apps;

import com.zaxxer.hikari.HikariDataSource;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Makes the calls it reads from standard input, one a line, and says how each ended. Each line runs on a thread of its
 * own when its id starts with {@code &}, else before the next is read.
 *
 * <pre>
 * ID http URL                    synchronous GET
 * ID http-async URL              sendAsync
 * ID http-timeout URL MILLIS     synchronous GET with this timeout
 * ID http-request METHOD URL [HEADER VALUE]
 *                                synchronous, without a body
 * ID http-post URL TEXT          synchronous POST
 * ID http-keyed URL TEXT         the same with an Idempotency-Key
 * ID http-thread URL             sendAsync, says also on which kind of thread its callback ran
 * ID http-stream|http-lines URL  synchronous GET, its body read as it comes
 * ID http-as URL NAME            synchronous GET with credentials, says also the age of the answer
 * ID http-certified URL KEYSTORE PASSWORD
 *                                synchronous GET by a client that shows this certificate
 * ID http-steady URL SECONDS     synchronous GETs, 500 a second: P50, P99, P99.9 and the longest in microseconds
 * ID http-stuck URL MILLIS     synchronous GET with a body handler that takes so long
 * ID grpc|grpc-future|grpc-async HOST:PORT TEXT
 * ID grpc-list|grpc-collect|grpc-chat HOST:PORT TEXT
 * ID sql URL SQL                 through HikariCP (one pool for each URL)
 * ID batch URL SQL               the same, as a batch of one
 * ID prepared URL SQL            the same, six times with the numbers from 1 as parameter, in one transaction
 * ID direct URL SQL              through DriverManager
 * ID kept URL SQL               the same through one connection, kept for the next such line
 * ID rows URL SQL               all rows, through one connection, kept for the next such line
 * ID transaction URL SQL;SQL    in one transaction, committed
 * ID fetch URL SQL              through DriverManager, by a cursor, ten rows at a time: how many
 * ID threads                     the names of all live threads, sorted
 * ID sockets                     how many sockets the process has open, where /proc tells; else 0
 * ID hiccups                     how late a sleep of 1 ms was since the last such line: P50 and P99 in microseconds
 * ID set KEY VALUE               sets a system property
 * ID pool URL                    active and total connections of the pool
 * </pre>
 *
 * <p>Answers: {@code ID ok MICROS TEXT} or {@code ID failed MICROS CLASS: MESSAGE <- CAUSE...}.
 */
public final class Caller {
    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, HttpClient> certified = new ConcurrentHashMap<>();
    private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();
    private final Map<String, HikariDataSource> pools = new ConcurrentHashMap<>();
    private final Map<String, Connection> kept = new ConcurrentHashMap<>();
    private final Hiccups hiccups = new Hiccups();
    private final ExecutorService background = Executors.newCachedThreadPool(task -> Lines.daemon(task, "background"));

    /** Reads calls until the input ends. */
    public static void main(String[] arguments) throws IOException {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> say("hook ran"), "application-hook"));
        Caller caller = new Caller();
        caller.background.execute(caller.hiccups);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        say("ready");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ", 4);
            if (words[0].startsWith("&")) {
                caller.background.execute(() -> caller.answer(words));
            } else {
                caller.answer(words);
            }
        }
        say("done");
        System.exit(0);
    }

    private void answer(String[] words) {
        long start = System.nanoTime();
        try {
            String value = call(words);
            say(words[0] + " ok " + microsSince(start) + " " + value);
        } catch (Throwable thrown) {
            say(words[0] + " failed " + microsSince(start) + " " + describe(thrown));
        }
    }

    private String call(String[] words) throws Exception {
        return switch (words[1]) {
            case "http" -> text(http.send(get(words[2]), HttpResponse.BodyHandlers.ofString()));
            case "http-stuck" -> text(http.send(get(words[2]), info -> stuck(Long.parseLong(words[3]))));
            case "http-timeout" ->
                text(http.send(
                        HttpRequest.newBuilder(URI.create(words[2]))
                                .timeout(Duration.ofMillis(Long.parseLong(words[3])))
                                .build(),
                        HttpResponse.BodyHandlers.ofString()));
            case "http-request" -> {
                String[] more = words[3].split(" ", 3);
                HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(more[0]))
                        .method(words[2], HttpRequest.BodyPublishers.noBody());
                if (more.length == 3) {
                    request.header(more[1], more[2]);
                }
                yield text(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
            }
            case "http-post" ->
                text(http.send(
                        HttpRequest.newBuilder(URI.create(words[2]))
                                .POST(HttpRequest.BodyPublishers.ofString(words[3]))
                                .build(),
                        HttpResponse.BodyHandlers.ofString()));
            case "http-keyed" ->
                text(http.send(
                        HttpRequest.newBuilder(URI.create(words[2]))
                                .header("Idempotency-Key", words[3])
                                .POST(HttpRequest.BodyPublishers.ofString(words[3]))
                                .build(),
                        HttpResponse.BodyHandlers.ofString()));
            case "http-stream" -> Readers.stream(http, words[2]);
            case "http-lines" -> Readers.lines(http, words[2]);
            case "http-as" -> Readers.as(http, words[2], words[3]);
            case "http-certified" ->
                text(certified(words[3]).send(get(words[2]), HttpResponse.BodyHandlers.ofString()));
            case "http-steady" ->
                Readers.steadily(() -> Readers.stream(http, words[2]), 500, Integer.parseInt(words[3]));
            case "http-async" -> httpAsync(words[2], false);
            case "http-thread" -> httpAsync(words[2], true);
            case "grpc" -> ClientCalls.blockingUnaryCall(channel(words[2]), Echo.SAY, CallOptions.DEFAULT, words[3]);
            case "grpc-future" ->
                ClientCalls.futureUnaryCall(channel(words[2]).newCall(Echo.SAY, CallOptions.DEFAULT), words[3])
                        .get(60, TimeUnit.SECONDS);
            case "grpc-async" -> grpcAsync(words[2], words[3]);
            case "grpc-list" -> grpcList(words[2], words[3]);
            case "grpc-collect" -> grpcStream(words[2], words[3], true);
            case "grpc-chat" -> grpcStream(words[2], words[3], false);
            case "sql" -> sql(words[2], words[3], false);
            case "batch" -> sql(words[2], words[3], true);
            case "prepared" -> prepared(words[2], words[3]);
            case "direct" -> direct(words[2], words[3]);
            case "kept" -> kept(words[2], words[3]);
            case "rows" -> rows(words[2], words[3]);
            case "fetch" -> fetch(words[2], words[3]);
            case "transaction" -> transaction(words[2], words[3]);
            case "threads" -> threads();
            case "sockets" -> Integer.toString(sockets());
            case "hiccups" -> hiccups.since();
            case "set" -> System.setProperty(words[2], words[3]) + "";
            case "pool" -> {
                var pool = pools.computeIfAbsent(words[2], Caller::open).getHikariPoolMXBean();
                yield pool.getActiveConnections() + "/" + pool.getTotalConnections();
            }
            default -> throw new IllegalArgumentException("no such call: " + words[1]);
        };
    }

    /** The names of all live threads, sorted. */
    static String threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .sorted()
                .collect(java.util.stream.Collectors.joining(","));
    }

    /** How many sockets this process has open, where that can be told; else 0. */
    static int sockets() throws IOException {
        Path open = Path.of("/proc/self/fd");
        if (!Files.isDirectory(open)) {
            return 0;
        }
        int count = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(open)) {
            for (Path descriptor : descriptors) {
                try {
                    count += Files.readSymbolicLink(descriptor).toString().startsWith("socket:") ? 1 : 0;
                } catch (NoSuchFileException closed) {
                    // closed meanwhile, as the one that lists them is
                }
            }
        }
        return count;
    }

    /** The same each time. */
    private HttpClient certified(String words) throws IOException, GeneralSecurityException {
        HttpClient made = certified.get(words);
        if (made != null) {
            return made;
        }
        String[] keystore = words.split(" ", 2);
        char[] password = keystore[1].toCharArray();
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(Path.of(keystore[0]).toFile(), password), password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        HttpClient client = HttpClient.newBuilder().sslContext(context).build();
        certified.put(words, client);
        return client;
    }

    private static HttpRequest get(String url) {
        return HttpRequest.newBuilder(URI.create(url)).build();
    }

    private static HttpResponse.BodySubscriber<String> stuck(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return HttpResponse.BodySubscribers.ofString(StandardCharsets.UTF_8);
    }

    private static String text(HttpResponse<String> response) {
        return response.statusCode() + " " + response.body();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback tells its thread, no more
    private String httpAsync(String url, boolean withThread) throws Exception {
        CompletableFuture<String> thread = new CompletableFuture<>();
        CompletableFuture<HttpResponse<String>> future = http.sendAsync(get(url), HttpResponse.BodyHandlers.ofString());
        future.whenComplete((response, thrown) -> thread.complete(kindOfThread()));
        // waited for first: who waits for a future may run its callbacks itself
        thread.get(60, TimeUnit.SECONDS);
        HttpResponse<String> response;
        try {
            response = future.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
        return text(response) + (withThread ? " on " + thread.get() : "");
    }

    private static String kindOfThread() {
        return Thread.currentThread().getName().replaceAll("\\d+", "N");
    }

    private String grpcAsync(String target, String text) throws Exception {
        Collector collector = new Collector();
        ClientCalls.asyncUnaryCall(channel(target).newCall(Echo.SAY, CallOptions.DEFAULT), text, collector);
        return collector.await();
    }

    private String grpcList(String target, String text) {
        List<String> items = new ArrayList<>();
        ClientCalls.blockingServerStreamingCall(channel(target), Echo.LIST, CallOptions.DEFAULT, text)
                .forEachRemaining(items::add);
        return items.toString();
    }

    private String grpcStream(String target, String text, boolean collect) throws Exception {
        Collector collector = new Collector();
        StreamObserver<String> requests = collect
                ? ClientCalls.asyncClientStreamingCall(
                        channel(target).newCall(Echo.COLLECT, CallOptions.DEFAULT), collector)
                : ClientCalls.asyncBidiStreamingCall(
                        channel(target).newCall(Echo.CHAT, CallOptions.DEFAULT), collector);
        for (String word : text.split(",", -1)) {
            requests.onNext(word);
        }
        requests.onCompleted();
        return collector.await();
    }

    private Channel channel(String target) {
        return channels.computeIfAbsent(
                target,
                name -> ManagedChannelBuilder.forTarget(name).usePlaintext().build());
    }

    private String sql(String url, String sql, boolean batch) throws Exception {
        HikariDataSource pool = pools.computeIfAbsent(url, Caller::open);
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            return run(statement, sql, batch);
        }
    }

    private String kept(String url, String sql) throws Exception {
        try (Statement statement = kept(url).createStatement()) {
            return run(statement, sql, false);
        }
    }

    private Connection kept(String url) throws SQLException {
        Connection connection = kept.get(url);
        if (connection == null || connection.isClosed()) {
            connection = DriverManager.getConnection(url);
            kept.put(url, connection);
        }
        return connection;
    }

    private String rows(String url, String sql) throws Exception {
        try (PreparedStatement statement = kept(url).prepareStatement(sql);
                ResultSet rows = statement.executeQuery()) {
            StringBuilder all = new StringBuilder();
            while (rows.next()) {
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    all.append(rows.getObject(i)).append(rows.wasNull() ? "! " : " ");
                }
            }
            return all.toString().strip();
        }
    }

    private static String fetch(String url, String sql) throws Exception {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.setFetchSize(10);
            int count = 0;
            try (ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    count++;
                }
            }
            return count + " rows";
        }
    }

    private static String transaction(String url, String statements) throws Exception {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (String sql : statements.split(";", -1)) {
                statement.execute(sql);
            }
            connection.commit();
            return "committed";
        }
    }

    private String prepared(String url, String sql) throws Exception {
        HikariDataSource pool = pools.computeIfAbsent(url, Caller::open);
        try (Connection connection = pool.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            connection.setAutoCommit(false);
            List<String> answers = new ArrayList<>();
            for (int i = 1; i <= 6; i++) {
                statement.setInt(1, i);
                try (ResultSet rows = statement.executeQuery()) {
                    answers.add(rows.next() ? rows.getString(1) : "no rows");
                }
            }
            connection.commit();
            return answers.toString();
        }
    }

    private static HikariDataSource open(String url) {
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl(url);
        pool.setPoolName("orders");
        pool.setMaximumPoolSize(20);
        pool.setMinimumIdle(1);
        pool.setConnectionTimeout(60_000);
        pool.setInitializationFailTimeout(-1);
        return pool;
    }

    private static String direct(String url, String sql) throws Exception {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            return run(statement, sql, false);
        }
    }

    private static String run(Statement statement, String sql, boolean batch) throws Exception {
        if (batch) {
            statement.addBatch(sql);
            return Integer.toString(statement.executeBatch()[0]);
        }
        if (!statement.execute(sql)) {
            return "updated " + statement.getUpdateCount();
        }
        try (ResultSet rows = statement.getResultSet()) {
            return rows.next() ? rows.getString(1) : "no rows";
        }
    }

    private static String describe(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (text.length() > 0) {
                text.append(" <- ");
            }
            text.append(cause);
            if (cause instanceof java.sql.SQLException sql) {
                text.append(" [").append(sql.getSQLState()).append(']');
            }
        }
        return text.toString().replaceAll("\\s+", " ");
    }

    private static long microsSince(long start) {
        return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start);
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    /** How late the machine itself is: what no program on it can do better than. */
    private static final class Hiccups implements Runnable {
        private final List<Long> late = new ArrayList<>();

        @Override
        public void run() {
            while (true) {
                long start = System.nanoTime();
                java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
                long micros = (System.nanoTime() - start) / 1000 - 1000;
                synchronized (late) {
                    late.add(micros);
                }
            }
        }

        String since() {
            synchronized (late) {
                late.sort(null);
                String text = late.get(late.size() / 2) + "/" + late.get(late.size() * 99 / 100);
                late.clear();
                return text;
            }
        }
    }

    /** Gathers what a call answers, and on which kind of thread it ended. */
    private static final class Collector implements StreamObserver<String> {
        private final List<String> items = new ArrayList<>();
        private final CompletableFuture<String> end = new CompletableFuture<>();

        @Override
        public void onNext(String item) {
            items.add(item);
        }

        @Override
        public void onError(Throwable thrown) {
            end.completeExceptionally(thrown);
        }

        @Override
        public void onCompleted() {
            end.complete(items + " on " + kindOfThread());
        }

        String await() throws Exception {
            try {
                return end.get(60, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof Exception cause) {
                    throw cause;
                }
                throw e;
            }
        }
    }
}
