package dev.resilience.apps;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An application inside a {@link Container}.
 *
 * <pre>
 * grpc HOST:PORT TEXT   calls the server of {@link Echo}
 * local TEXT            calls a server of its own, in process
 * h2 SQL                asks a database of its own, in memory
 * close                 ends all it has begun
 * </pre>
 */
public final class Guest implements UnaryOperator<String> {
    private @Nullable ManagedChannel channel;
    private @Nullable Server server;
    private @Nullable Driver driver;

    @Override
    public String apply(String line) {
        String[] words = line.split(" ", 3);
        try {
            return switch (words[0]) {
                case "grpc" -> say(ManagedChannelBuilder.forTarget(words[1]).usePlaintext(), words[2]);
                case "local" -> local(words[1]);
                case "h2" -> h2(line.substring(3));
                case "close" -> close();
                default -> throw new IllegalArgumentException("no such call: " + line);
            };
        } catch (Exception | LinkageError thrown) {
            return "failed " + thrown;
        }
    }

    private String say(ManagedChannelBuilder<?> builder, String text) {
        if (channel == null) {
            channel = builder.build();
        }
        return ClientCalls.blockingUnaryCall(channel, Echo.SAY, CallOptions.DEFAULT, text);
    }

    private String local(String text) throws Exception {
        if (server == null) {
            server = InProcessServerBuilder.forName("guest")
                    .addService(ServerServiceDefinition.builder("resilience.Echo")
                            .addMethod(Echo.SAY, ServerCalls.<String, String>asyncUnaryCall((request, responses) -> {
                                responses.onNext(request);
                                responses.onCompleted();
                            }))
                            .build())
                    .build()
                    .start();
        }
        return say(InProcessChannelBuilder.forName("guest"), text);
    }

    private String h2(String sql) throws Exception {
        if (driver == null) {
            driver = Class.forName("org.h2.Driver")
                    .asSubclass(Driver.class)
                    .getDeclaredConstructor()
                    .newInstance();
        }
        try (Connection connection = driver.connect("jdbc:h2:mem:guest", new Properties());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : "no rows";
        }
    }

    private String close() throws Exception {
        if (channel != null) {
            channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        }
        if (server != null) {
            server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        }
        for (Driver registered : List.copyOf(DriverManager.drivers().toList())) {
            DriverManager.deregisterDriver(registered);
        }
        return "closed";
    }
}
