package dev.resilience.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A service of the shop as a process of its own, which can be stopped, continued, killed and started again. */
final class Service implements AutoCloseable {
    private final Class<?> main;
    private final Path log;
    private Process process;
    private int port;

    private Service(Class<?> main, Path log) throws IOException {
        this.main = main;
        this.log = log;
        this.process = launch();
    }

    static Service start(Class<?> main, Path directory) throws IOException {
        return new Service(main, directory.resolve(main.getSimpleName() + ".log"));
    }

    int port() {
        return port;
    }

    /** Stops it with SIGSTOP: the system still accepts connections for it, nobody answers. */
    synchronized void hang() {
        Processes.signal("STOP", List.of(process.pid()));
    }

    synchronized void resume() {
        Processes.signal("CONT", List.of(process.pid()));
    }

    /** Ends it with SIGKILL. */
    synchronized void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Starts it again on the port it had. */
    synchronized void restart() throws IOException {
        process = launch();
    }

    synchronized void answerAfter(int millis) throws IOException {
        OutputStream in = process.getOutputStream();
        in.write((millis + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    private Process launch() throws IOException {
        Process launched = new ProcessBuilder(
                        Processes.java(),
                        "-Xmx96m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dsun.net.httpserver.nodelay=true",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        main.getName(),
                        Integer.toString(port))
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        BufferedReader out = launched.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        if (line == null || !line.startsWith("READY ")) {
            launched.destroyForcibly();
            throw new IOException(main.getSimpleName() + " did not start; see " + log);
        }
        port = Integer.parseInt(line.substring("READY ".length()));
        return launched;
    }

    @Override
    public synchronized void close() throws InterruptedException {
        kill();
    }
}
