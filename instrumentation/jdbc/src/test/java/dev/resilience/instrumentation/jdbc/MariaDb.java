package dev.resilience.instrumentation.jdbc;

import static dev.resilience.testkit.Eventually.eventually;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A real MariaDB, where its server is on the path; it ends with the JVM. */
final class MariaDb {
    private static final class Server {
        static final int PORT = isInstalled() ? start() : 0;
    }

    /** Its port; skips the test where there is no server to start. */
    static int port() {
        if (Server.PORT == 0) {
            System.out.println("skipped: no mariadbd and mariadb-install-db on the path");
        }
        Assumptions.assumeTrue(Server.PORT != 0, "no mariadbd on the path");
        return Server.PORT;
    }

    static String url(int port) {
        return "jdbc:mariadb://127.0.0.1:" + port + "/mysql?user=root";
    }

    private static boolean isInstalled() {
        return find("mariadbd") != null && find("mariadb-install-db") != null;
    }

    private static @Nullable Path find(String program) {
        return Stream.of(String.valueOf(System.getenv("PATH")).split(File.pathSeparator))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    private static int start() {
        try {
            Path directory = Files.createTempDirectory("mariadb");
            String data = "--datadir=" + directory.resolve("data");
            String user = "--user=" + System.getProperty("user.name");
            run(List.of(
                            "mariadb-install-db",
                            "--no-defaults",
                            "--auth-root-authentication-method=normal",
                            "--skip-test-db",
                            data,
                            user))
                    .waitFor();
            int port = unusedPort();
            Process server = run(List.of(
                    "mariadbd",
                    "--no-defaults",
                    data,
                    user,
                    "--port=" + port,
                    "--bind-address=127.0.0.1",
                    "--socket=" + directory.resolve("socket"),
                    "--innodb-flush-log-at-trx-commit=0"));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, directory)));
            return eventually(() -> isListening(port)) ? port : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void stop(Process server, Path directory) {
        server.destroyForcibly();
        try (Stream<Path> files = Files.walk(directory)) {
            server.waitFor(5, TimeUnit.SECONDS);
            files.sorted((one, other) -> other.compareTo(one))
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | InterruptedException e) {
            // the JVM is going down
        }
    }

    private static Process run(List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static boolean isListening(int port) {
        try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return probe.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    private static int unusedPort() throws IOException {
        try (ServerSocket closing = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return closing.getLocalPort();
        }
    }

    private MariaDb() {}
}
