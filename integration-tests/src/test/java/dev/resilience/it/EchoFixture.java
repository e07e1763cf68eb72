package dev.resilience.it;

import dev.resilience.apps.EchoServer;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;

/** The gRPC server of the tests in the tests' own JVM, where its counts can be read. */
final class EchoFixture implements AutoCloseable {
    private final EchoServer echo = new EchoServer();
    private final Server server;

    EchoFixture() {
        this(InsecureServerCredentials.create());
    }

    /** Over TLS. */
    EchoFixture(Keys keys) throws IOException, GeneralSecurityException {
        this(TlsServerCredentials.newBuilder().keyManager(keys.managers()).build());
    }

    private EchoFixture(ServerCredentials credentials) {
        try {
            server = echo.start(0, credentials);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String target() {
        return "127.0.0.1:" + server.getPort();
    }

    int port() {
        return server.getPort();
    }

    EchoServer echo() {
        return echo;
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
