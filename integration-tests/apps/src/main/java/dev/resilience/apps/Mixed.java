package dev.resilience.apps;

import com.zaxxer.hikari.HikariDataSource;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes calls of all clients mixed at random, of servers that answer, fail, hang and hang up, from several threads that
 * wait, cancel, and are interrupted; and says what it holds.
 *
 * <p>Arguments: SEED HTTP-URL GRPC-TARGET GUARDED-GRPC-TARGET JDBC-URL. Then it reads lines, and answers each by one that
 * starts with the same id:
 *
 * <pre>
 * ID calls N     makes so many, and says how they ended
 * ID heap        bytes that live
 * ID threads     the names of all threads
 * ID busy        the names of those that do not wait in a pool for work
 * ID sockets     how many are open
 * ID at-once N   makes so many calls at once where a limit is, and says how many were answered
 * ID close       ends the clients, as an application does that is told to end
 * ID hang        begins an HTTP call nothing bounds
 * </pre>
 */
public final class Mixed {
    private static final int THREADS = 16;
    private static final int SOON_MILLIS = 15;
    private static final Set<String> IDLE = Set.of(
            "java.util.concurrent.ThreadPoolExecutor.getTask",
            "java.util.concurrent.ForkJoinPool.awaitWork",
            "java.util.concurrent.ForkJoinPool.deactivate");
    private static final String[] HTTP = {"/plain", "/breaker", "/backup", "/limited"};

    /** One kind of call. */
    private interface Kind {
        void call(Random random) throws Exception;
    }

    /** Each as often as it is here. */
    private final List<Kind> kinds = new ArrayList<>();

    private final long seed;
    private final String url;
    private final HttpClient client = HttpClient.newHttpClient();
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final HikariDataSource orders;
    private final HikariDataSource reports;
    private final AtomicInteger numbers = new AtomicInteger(1);
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS, task -> {
        Thread thread = new Thread(task, "mixed");
        thread.setDaemon(true);
        return thread;
    });
    private int walks;

    private Mixed(String[] arguments) {
        seed = Long.parseLong(arguments[0]);
        url = arguments[1];
        for (int i = 2; i <= 3; i++) {
            channels.add(
                    ManagedChannelBuilder.forTarget(arguments[i]).usePlaintext().build());
        }
        orders = pool("orders", arguments[4]);
        reports = pool("reports", arguments[4]);
        addHttp();
        addGrpc();
        addJdbc();
    }

    private static HikariDataSource pool(String name, String url) {
        HikariDataSource pool = new HikariDataSource();
        pool.setPoolName(name);
        pool.setJdbcUrl(url);
        pool.setMaximumPoolSize(THREADS);
        pool.setInitializationFailTimeout(-1);
        return pool;
    }

    /** Does what its input says until that ends. */
    public static void main(String[] arguments) throws Exception {
        SocketChannel.open().close(); // with the first one, the JDK opens one that it keeps
        System.out.println("sockets " + Caller.sockets());
        Mixed mixed = new Mixed(arguments);
        System.out.println("ready");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ", -1);
            System.out.println(words[0] + " " + mixed.answer(words));
        }
        System.exit(0);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // its end is the end of the process
    private String answer(String[] words) throws Exception {
        switch (words[1]) {
            case "calls":
                return calls(Integer.parseInt(words[2]));
            case "heap":
                return Long.toString(heap());
            case "threads":
                return Caller.threads();
            case "busy":
                return busy();
            case "sockets":
                return Integer.toString(Caller.sockets());
            case "at-once":
                return Integer.toString(atOnce(Integer.parseInt(words[2])));
            case "close":
                return close();
            default:
                HttpClient.newHttpClient().sendAsync(get("/forever/silent"), BodyHandlers.discarding());
                return words[1];
        }
    }

    private String calls(int count) throws Exception {
        AtomicInteger left = new AtomicInteger(count);
        Map<String, Integer> endings = new TreeMap<>();
        Future<?>[] walkers = new Future<?>[THREADS];
        long start = System.nanoTime();
        for (int i = 0; i < THREADS; i++) {
            Random random = new Random(seed + 1_000L * walks + i);
            walkers[i] = threads.submit(() -> {
                while (left.getAndDecrement() > 0) {
                    String ending = ending(kinds.get(random.nextInt(kinds.size())), random);
                    synchronized (endings) {
                        endings.merge(ending, 1, Integer::sum);
                    }
                }
            });
        }
        walks++;
        for (Future<?> walker : walkers) {
            walker.get();
        }
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms " + endings;
    }

    private static String ending(Kind kind, Random random) {
        try {
            kind.call(random);
            return "ended well";
        } catch (Throwable thrown) {
            for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
                String message = String.valueOf(cause.getMessage());
                int code = message.indexOf(" (10");
                if (message.contains("resilience: ") && code >= 0) {
                    return message.substring(message.lastIndexOf(' ', code - 1) + 1, code);
                }
            }
            return "failed";
        }
    }

    private static long heap() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(50);
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static String busy() {
        List<String> names = new ArrayList<>();
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            if (!isIdle(stack)) {
                names.add(thread.getName());
            }
        });
        names.sort(null);
        return String.join(",", names);
    }

    private static boolean isIdle(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            if (IDLE.contains(frame.getClassName() + "." + frame.getMethodName())) {
                return true;
            }
        }
        return stack.length == 0;
    }

    private int atOnce(int count) throws Exception {
        CountDownLatch ready = new CountDownLatch(count);
        List<Future<Integer>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            calls.add(threads.submit(() -> {
                ready.countDown();
                ready.await();
                return client.send(get("/limited/slow"), BodyHandlers.ofString())
                        .statusCode();
            }));
        }
        int answered = 0;
        for (Future<Integer> call : calls) {
            try {
                answered += call.get() == 200 ? 1 : 0;
            } catch (ExecutionException refused) {
                // and not counted
            }
        }
        return answered;
    }

    private String close() throws InterruptedException {
        orders.close();
        reports.close();
        for (ManagedChannel channel : channels) {
            channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        }
        return "closed";
    }

    private void add(int times, Kind kind) {
        for (int i = 0; i < times; i++) {
            kinds.add(kind);
        }
    }

    private void addHttp() {
        add(14, random -> send(random, "/ok"));
        add(6, random -> async(random, "/ok").get(20, TimeUnit.SECONDS));
        add(3, random -> send(random, "/error"));
        add(2, random -> async(random, "/error").get(20, TimeUnit.SECONDS));
        add(3, random -> send(random, "/slow"));
        add(2, random -> async(random, "/slow").get(20, TimeUnit.SECONDS));
        add(2, random -> send(random, "/silent"));
        add(2, random -> async(random, "/silent").get(20, TimeUnit.SECONDS));
        add(2, random -> send(random, "/reset"));
        add(1, random -> async(random, "/reset").get(20, TimeUnit.SECONDS));
        add(1, random -> send(random, "/half"));
        add(1, random -> send(random, "/none"));
        add(1, random -> send(random, "/drip"));
        add(1, random -> {
            try (InputStream body = client.send(get(random, "/drip"), BodyHandlers.ofInputStream())
                    .body()) {
                body.readAllBytes();
            }
        });
        add(1, random -> {
            try (InputStream body = client.send(get(random, "/drip"), BodyHandlers.ofInputStream())
                    .body()) {
                body.readNBytes(1);
            }
        });
        add(1, random -> async(random, "/ok").cancel(true));
        add(2, random -> cancelSoon(async(random, random.nextBoolean() ? "/silent" : "/drip")));
        add(2, random -> interruptSoon(() -> send(random, random.nextBoolean() ? "/silent" : "/drip")));
    }

    private void send(Random random, String what) throws IOException, InterruptedException {
        client.send(get(random, what), BodyHandlers.ofString());
    }

    private CompletableFuture<HttpResponse<String>> async(Random random, String what) {
        return client.sendAsync(get(random, what), BodyHandlers.ofString());
    }

    private HttpRequest get(Random random, String what) {
        return get(HTTP[random.nextInt(HTTP.length)] + what);
    }

    private HttpRequest get(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).build();
    }

    private void addGrpc() {
        add(10, random -> say(random, "hello"));
        add(2, random -> say(random, "slow 20"));
        add(3, random -> say(random, "fail UNAVAILABLE"));
        add(1, random -> say(random, "fail NOT_FOUND"));
        add(2, random -> say(random, "reset"));
        add(2, random -> say(random, "hang"));
        add(2, random -> future(random, "hello").get(20, TimeUnit.SECONDS));
        add(1, random -> future(random, "hang").get(20, TimeUnit.SECONDS));
        add(1, random -> future(random, "hello").cancel(true));
        add(2, random -> cancelSoon(future(random, "hang")));
        add(2, random -> interruptSoon(() -> say(random, "hang")));
        add(2, random -> list(random, "a,b,c"));
        add(1, random -> list(random, "a,b,hang"));
        add(1, random -> list(random, "hang"));
        add(2, random -> stream(random, Echo.COLLECT));
        add(2, random -> stream(random, Echo.CHAT));
        add(1, random -> {
            ClientCall<String, String> call = channel(random).newCall(Echo.CHAT, CallOptions.DEFAULT);
            call.start(new ClientCall.Listener<>() {}, new Metadata());
            call.request(1);
            call.sendMessage("a");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(SOON_MILLIS)));
            call.cancel("left", null);
        });
    }

    private ManagedChannel channel(Random random) {
        return channels.get(random.nextInt(channels.size()));
    }

    private void say(Random random, String text) {
        ClientCalls.blockingUnaryCall(channel(random), Echo.SAY, CallOptions.DEFAULT, text);
    }

    private Future<String> future(Random random, String text) {
        return ClientCalls.futureUnaryCall(channel(random).newCall(Echo.SAY, CallOptions.DEFAULT), text);
    }

    private void list(Random random, String text) {
        ClientCalls.blockingServerStreamingCall(channel(random), Echo.LIST, CallOptions.DEFAULT, text)
                .forEachRemaining(item -> {});
    }

    private void stream(Random random, MethodDescriptor<String, String> method) throws Exception {
        CompletableFuture<Integer> end = new CompletableFuture<>();
        StreamObserver<String> responses = new StreamObserver<>() {
            private int items;

            @Override
            public void onNext(String item) {
                items++;
            }

            @Override
            public void onError(Throwable thrown) {
                end.completeExceptionally(thrown);
            }

            @Override
            public void onCompleted() {
                end.complete(items);
            }
        };
        ClientCall<String, String> call = channel(random).newCall(method, CallOptions.DEFAULT);
        StreamObserver<String> requests = method == Echo.COLLECT
                ? ClientCalls.asyncClientStreamingCall(call, responses)
                : ClientCalls.asyncBidiStreamingCall(call, responses);
        for (int i = 0; i < 3; i++) {
            requests.onNext("item");
        }
        requests.onCompleted();
        end.get(20, TimeUnit.SECONDS);
    }

    private void addJdbc() {
        add(10, random -> sql(random, "select 1"));
        add(2, random -> sql(random, "select pg_sleep(0.02)"));
        add(3, random -> sql(random, "select pg_sleep(30)"));
        add(2, random -> sql(random, "select no_such_column"));
        add(2, random -> sql(random, "insert into mixed values (0)"));
        add(3, random -> transaction(random, true, "select 1"));
        add(1, random -> transaction(random, false, "select 1"));
        add(1, random -> transaction(random, true, "select no_such_column"));
        add(1, random -> transaction(random, true, "select pg_sleep(30)"));
        add(1, random -> sql(random, "select pg_terminate_backend(pg_backend_pid())"));
        add(1, random -> interruptSoon(() -> sql(random, "select pg_sleep(0.05)")));
        add(1, this::cancelledStatement);
        add(2, random -> {
            try (Connection connection = pool(random).getConnection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.setFetchSize(10);
                try (ResultSet rows = statement.executeQuery("select generate_series(1, 100)")) {
                    while (rows.next()) {
                        rows.getInt(1);
                    }
                }
                connection.commit();
            }
        });
    }

    private HikariDataSource pool(Random random) {
        return random.nextBoolean() ? orders : reports;
    }

    private void sql(Random random, String sql) throws SQLException {
        try (Connection connection = pool(random).getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void transaction(Random random, boolean commits, String between) throws SQLException {
        int number = numbers.getAndIncrement();
        try (Connection connection = pool(random).getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            try {
                statement.execute("insert into mixed values (" + number + ")");
                statement.execute(between);
                statement.execute("delete from mixed where id = " + number);
                if (commits) {
                    connection.commit();
                } else {
                    connection.rollback();
                }
            } catch (SQLException failed) {
                connection.rollback();
                throw failed;
            }
        }
    }

    private void cancelledStatement(Random random) throws Exception {
        try (Connection connection = pool(random).getConnection();
                Statement statement = connection.createStatement()) {
            CompletableFuture<Void> cancel = soon(() -> {
                try {
                    statement.cancel();
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            try {
                statement.execute("select pg_sleep(30)");
            } finally {
                cancel.get(20, TimeUnit.SECONDS);
            }
        }
    }

    private static void cancelSoon(Future<?> future) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(SOON_MILLIS));
        future.cancel(true);
    }

    private interface Path {
        void call() throws Exception;
    }

    private static void interruptSoon(Path path) throws Exception {
        CompletableFuture<Void> sent = soon(Thread.currentThread()::interrupt);
        try {
            path.call();
        } finally {
            sent.join();
            Thread.interrupted();
        }
    }

    private static CompletableFuture<Void> soon(Runnable task) {
        return CompletableFuture.runAsync(task, CompletableFuture.delayedExecutor(SOON_MILLIS, TimeUnit.MILLISECONDS));
    }
}
