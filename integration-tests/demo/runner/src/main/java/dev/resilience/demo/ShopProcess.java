package dev.resilience.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The shop as a process of its own. */
final class ShopProcess implements AutoCloseable {
    private final Process process;
    private final Calls calls;
    private final CompletableFuture<Integer> port = new CompletableFuture<>();
    private final CompletableFuture<Void> logRead = new CompletableFuture<>();
    private final Path errors;

    private ShopProcess(Process process, Calls calls, Path errors) {
        this.process = process;
        this.calls = calls;
        this.errors = errors;
        Threads.daemons(1).execute(this::readLog);
    }

    static ShopProcess start(List<String> command, Map<String, String> environment, Calls calls, Path errors)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        return new ShopProcess(builder.start(), calls, errors);
    }

    /** Waits until it listens. */
    int port() throws IOException, InterruptedException {
        try {
            return port.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the shop did not start; see " + errors, e);
        }
    }

    /** Lets it run for a while; fails if it ends. */
    void run(long millis) throws IOException, InterruptedException {
        if (process.waitFor(millis, TimeUnit.MILLISECONDS)) {
            throw new IOException("the shop ended with exit code " + process.exitValue() + "; see " + errors);
        }
    }

    /** Sends SIGTERM. Not by {@code Process.destroy}, which also closes the log before its last lines are read. */
    void terminate() {
        process.toHandle().destroy();
    }

    /** Returns the exit code, when the whole log was read. */
    int exitCode() throws IOException, InterruptedException {
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            throw new IOException("the shop is still there 30 s after SIGTERM");
        }
        logRead.join();
        return process.exitValue();
    }

    private void readLog() {
        try (BufferedReader log = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = log.readLine(); line != null; line = log.readLine()) {
                if (line.startsWith("LISTENING ")) {
                    port.complete(Integer.parseInt(line.substring("LISTENING ".length())));
                } else {
                    calls.read(line, System.nanoTime());
                }
            }
        } catch (IOException e) {
            port.completeExceptionally(e); // the process was killed
        } finally {
            port.completeExceptionally(new IOException("its output ended"));
            logRead.complete(null);
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
