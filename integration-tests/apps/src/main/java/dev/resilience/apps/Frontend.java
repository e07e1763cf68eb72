package dev.resilience.apps;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariDataSource;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.concurrent.Callable;

/**
 * The front of a shop: answers {@code GET /order} with what its HTTP service, its database and its gRPC service said, a
 * line each, and {@code GET /warm} the same with a harmless query. Until its input ends.
 *
 * <pre>
 * Frontend URL JDBC-URL SQL HOST:PORT TEXT
 * </pre>
 */
public final class Frontend {
    private final HttpClient http = HttpClient.newHttpClient();
    private final HikariDataSource database = new HikariDataSource();
    private final Channel stock;
    private final String url;
    private final String sql;
    private final String text;

    private Frontend(String[] arguments) {
        url = arguments[0];
        database.setJdbcUrl(arguments[1]);
        database.setMaximumPoolSize(2);
        database.setInitializationFailTimeout(-1);
        sql = arguments[2];
        stock = ManagedChannelBuilder.forTarget(arguments[3]).usePlaintext().build();
        text = arguments[4];
    }

    /** What surrounds the handling of a request. */
    interface Surrounding {
        String handle(String name, Callable<String> work) throws Exception;
    }

    /** Serves on a free port and says which. */
    public static void main(String[] arguments) throws IOException {
        serve(arguments, (name, work) -> work.call());
    }

    static void serve(String[] arguments, Surrounding surrounding) throws IOException {
        Frontend frontend = new Frontend(arguments);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/", exchange -> answer(exchange, surrounding, () -> frontend.handle(exchange.getRequestURI())));
        server.start();
        System.out.println("port " + server.getAddress().getPort());
        System.out.flush();
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }

    private static void answer(HttpExchange exchange, Surrounding surrounding, Callable<String> work)
            throws IOException {
        byte[] body;
        try (exchange) {
            String name =
                    exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
            body = surrounding.handle(name, work).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private String handle(URI request) {
        boolean order = request.getPath().equals("/order");
        return said("http", this::price)
                + said("sql", () -> query(order ? sql : "select 1"))
                + said("grpc", () -> ClientCalls.blockingUnaryCall(stock, Echo.SAY, CallOptions.DEFAULT, text));
    }

    private static String said(String name, Callable<String> call) {
        try {
            return name + " ok " + call.call() + "\n";
        } catch (Exception thrown) {
            return name + " failed " + thrown + "\n";
        }
    }

    private String price() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Authorization", "Bearer s3cr3t-token")
                .build();
        return Integer.toString(
                http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
    }

    private String query(String statementText) throws Exception {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(statementText)) {
            return rows.next() ? rows.getString(1) : "no rows";
        }
    }
}
