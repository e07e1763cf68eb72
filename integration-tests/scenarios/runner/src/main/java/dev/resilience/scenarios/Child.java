package dev.resilience.scenarios;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A program that was started: commands go in, lines come out. */
public final class Child implements AutoCloseable {
    private final String name;
    private final Process process;
    private final BufferedWriter input;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    /** Reads its output from now on; its errors must be led elsewhere. */
    public Child(String name, Process process) {
        this.name = name;
        this.process = process;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        ExecutorService reader = Threads.daemons(1);
        reader.execute(this::read);
        reader.shutdown();
    }

    public long pid() {
        return process.pid();
    }

    public void say(String command) throws IOException {
        input.write(command + "\n");
        input.flush();
    }

    /** The rest of the next line that begins so; others are skipped. */
    public String await(String start, Duration patience) throws IOException, InterruptedException {
        long until = System.nanoTime() + patience.toNanos();
        while (true) {
            String line = lines.poll(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (line == null) {
                throw new IOException(name + " said no " + start + (process.isAlive() ? " in time" : ": it ended"));
            }
            if (line.startsWith(start)) {
                return line.substring(start.length()).trim();
            }
        }
    }

    private void read() {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            lines.add("its output ended: " + e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
