package dev.resilience.apps;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * An application with layers of its own around its clients: interceptors of gRPC, hooks of the HTTP client, a data source
 * and a driver that wrap others. Reads calls from standard input and prints, for each, in which order its layers were
 * called: what happened on the caller's thread, then what happened on others.
 *
 * <pre>
 * ID grpc HOST:PORT TEXT
 * ID grpc-chat HOST:PORT TEXT
 * ID http URL
 * ID sql URL SQL
 * </pre>
 */
public final class Layers {
    private final Thread caller = Thread.currentThread();
    private final List<String> here = new CopyOnWriteArrayList<>();
    private final List<String> elsewhere = new CopyOnWriteArrayList<>();

    /** Makes calls until the input ends. */
    public static void main(String[] arguments) throws Exception {
        Layers layers = new Layers();
        DriverManager.registerDriver(layers.new Wrapping());
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ", 4);
            layers.here.clear();
            layers.elsewhere.clear();
            try {
                layers.call(words);
            } catch (Exception e) {
                layers.note("caller", "failed: " + e);
            }
            System.out.println(
                    words[0] + " " + String.join(" > ", layers.here) + " | " + String.join(" > ", layers.elsewhere));
            System.out.flush();
        }
        System.exit(0);
    }

    private void call(String[] words) throws Exception {
        switch (words[1]) {
            case "grpc" -> grpc(words[2], words[3], false);
            case "grpc-chat" -> grpc(words[2], words[3], true);
            case "http" -> http(words[2]);
            case "sql" -> sql(words[2], words[3]);
            default -> throw new IllegalArgumentException("no such call: " + words[1]);
        }
    }

    private void note(String layer, String what) {
        (Thread.currentThread() == caller ? here : elsewhere).add(layer + " " + what);
    }

    private void grpc(String target, String text, boolean chat) throws Exception {
        ManagedChannel channel = ManagedChannelBuilder.forTarget(target)
                .usePlaintext()
                .intercept(new Interceptor("inner"), new Interceptor("outer"))
                .build();
        try {
            if (chat) {
                chat(channel, text);
            } else {
                note("caller", ClientCalls.blockingUnaryCall(channel, Echo.SAY, CallOptions.DEFAULT, text));
            }
        } finally {
            channel.shutdownNow();
        }
    }

    private void chat(Channel channel, String text) throws Exception {
        CompletableFuture<String> end = new CompletableFuture<>();
        StreamObserver<String> requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(Echo.CHAT, CallOptions.DEFAULT), new StreamObserver<>() {
                    @Override
                    public void onNext(String item) {
                        note("observer", item);
                    }

                    @Override
                    public void onError(Throwable thrown) {
                        end.completeExceptionally(thrown);
                    }

                    @Override
                    public void onCompleted() {
                        end.complete("completed");
                    }
                });
        for (String word : text.split(",", -1)) {
            requests.onNext(word);
        }
        requests.onCompleted();
        note("caller", end.get(60, TimeUnit.SECONDS));
    }

    private void http(String url) throws IOException, InterruptedException, TimeoutException {
        HttpClient client = HttpClient.newBuilder()
                .cookieHandler(new Cookies())
                .proxy(new Proxies())
                .build();
        note(
                "caller",
                client.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
                        .body());
    }

    private void sql(String url, String sql) throws SQLException {
        try (Connection connection = new Source(url).getConnection();
                Statement statement = connection.createStatement()) {
            note("caller", Boolean.toString(statement.execute(sql)));
        }
    }

    /** Writes down what passes, both ways. */
    private final class Interceptor implements ClientInterceptor {
        private final String name;

        Interceptor(String name) {
            this.name = name;
        }

        @Override
        public <ReqT, RespT> ClientCall<ReqT, RespT> interceptCall(
                MethodDescriptor<ReqT, RespT> method, CallOptions options, Channel next) {
            note(name, "interceptCall " + options.getDeadline());
            return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void start(Listener<RespT> listener, Metadata headers) {
                    note(name, "start " + headers);
                    super.start(
                            new ForwardingClientCallListener.SimpleForwardingClientCallListener<>(listener) {
                                @Override
                                public void onHeaders(Metadata headers) {
                                    note(name, "onHeaders");
                                    super.onHeaders(headers);
                                }

                                @Override
                                public void onMessage(RespT message) {
                                    note(name, "onMessage " + message);
                                    super.onMessage(message);
                                }

                                @Override
                                public void onClose(Status status, Metadata trailers) {
                                    note(name, "onClose " + status.getCode() + " " + status.getDescription());
                                    super.onClose(status, trailers);
                                }
                            },
                            headers);
                }

                @Override
                public void request(int messages) {
                    note(name, "request " + messages);
                    super.request(messages);
                }

                @Override
                public void sendMessage(ReqT message) {
                    note(name, "sendMessage " + message);
                    super.sendMessage(message);
                }

                @Override
                public void halfClose() {
                    note(name, "halfClose");
                    super.halfClose();
                }

                @Override
                public void cancel(String message, Throwable cause) {
                    note(name, "cancel " + message);
                    super.cancel(message, cause);
                }
            };
        }
    }

    /** The application's cookies. */
    private final class Cookies extends CookieHandler {
        @Override
        public Map<String, List<String>> get(URI uri, Map<String, List<String>> headers) {
            note("cookies", "get");
            return Map.of("Cookie", List.of("a=b"));
        }

        @Override
        public void put(URI uri, Map<String, List<String>> headers) {
            note("cookies", "put");
        }
    }

    /** The application's proxies: none. */
    private final class Proxies extends ProxySelector {
        @Override
        public List<java.net.Proxy> select(URI uri) {
            note("proxies", "select");
            return List.of(java.net.Proxy.NO_PROXY);
        }

        @Override
        public void connectFailed(URI uri, SocketAddress address, IOException thrown) {
            note("proxies", "connectFailed");
        }
    }

    /** Asks the driver manager for the application's own driver. */
    private final class Source implements DataSource {
        private final String url;

        Source(String url) {
            this.url = url;
        }

        @Override
        public Connection getConnection() throws SQLException {
            note("source", "getConnection");
            try {
                return DriverManager.getConnection("wrapping:" + url);
            } finally {
                note("source", "has connected");
            }
        }

        @Override
        public Connection getConnection(String user, String password) throws SQLException {
            return getConnection();
        }

        @Override
        public PrintWriter getLogWriter() {
            return new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        }

        @Override
        public void setLogWriter(PrintWriter writer) {}

        @Override
        public void setLoginTimeout(int seconds) {}

        @Override
        public int getLoginTimeout() {
            return 0;
        }

        @Override
        public Logger getParentLogger() {
            return Logger.getGlobal();
        }

        @Override
        public <T> T unwrap(Class<T> type) throws SQLException {
            throw new SQLException("wraps nothing");
        }

        @Override
        public boolean isWrapperFor(Class<?> type) {
            return false;
        }
    }

    /** A driver that wraps the one for the rest of its URL, and everything that one makes. */
    private final class Wrapping implements Driver {
        @Override
        public @Nullable Connection connect(String url, Properties properties) throws SQLException {
            note("driver", "connect");
            if (!acceptsURL(url)) {
                return null;
            }
            Connection real = DriverManager.getConnection(url.substring("wrapping:".length()), properties);
            note("driver", "has connected");
            return wrapped("connection", Connection.class, real);
        }

        private <T> T wrapped(String name, Class<T> type, T real) {
            return type.cast(Proxy.newProxyInstance(
                    Layers.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                        note(name, method.getName());
                        try {
                            Object result = method.invoke(real, arguments);
                            return result instanceof Statement statement
                                    ? wrapped("statement", Statement.class, statement)
                                    : result;
                        } catch (InvocationTargetException e) {
                            note(name, method.getName() + " failed");
                            throw e.getTargetException();
                        }
                    }));
        }

        @Override
        public boolean acceptsURL(String url) {
            return url.startsWith("wrapping:");
        }

        @Override
        public DriverPropertyInfo[] getPropertyInfo(String url, Properties properties) {
            return new DriverPropertyInfo[0];
        }

        @Override
        public int getMajorVersion() {
            return 1;
        }

        @Override
        public int getMinorVersion() {
            return 0;
        }

        @Override
        public boolean jdbcCompliant() {
            return false;
        }

        @Override
        public Logger getParentLogger() {
            return Logger.getGlobal();
        }
    }
}
