package dev.resilience.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A service of the shop as a process of its own, which can be stopped, continued, killed and started again. */
final class Service implements AutoCloseable {
    private final Class<?> main;
    private final Path log;
    private final List<String> arguments;
    private Process process;
    private int port;

    private Service(Class<?> main, Path log, List<String> arguments) throws IOException {
        this.main = main;
        this.log = log;
        this.arguments = arguments;
        this.process = launch();
    }

    static Service start(Class<?> main, Path directory, String... arguments) throws IOException {
        String log = main.getSimpleName() + String.join("-", arguments) + ".log";
        return new Service(main, directory.resolve(log), List.of(arguments));
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
        List<String> command = new ArrayList<>(List.of(
                Processes.java(),
                "-Xmx96m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dsun.net.httpserver.nodelay=true",
                "-classpath",
                System.getProperty("java.class.path"),
                main.getName(),
                Integer.toString(port)));
        command.addAll(arguments);
        Process launched = new ProcessBuilder(command)
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
