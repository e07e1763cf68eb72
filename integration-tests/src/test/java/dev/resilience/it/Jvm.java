package dev.resilience.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/** A program in a JVM of its own, with or without the agent. Closing it ends it. */
final class Jvm implements AutoCloseable {
    /** What is said of a call whose caller does not wake within 50 ms of its cut: on a busy machine none does. */
    static final String LEAK = "resilience: work goes on after its deadline";

    private final Process process;
    private final Writer input;
    private final List<String> output = new CopyOnWriteArrayList<>();
    private final Map<String, String> outputByFirstWord = new ConcurrentHashMap<>();
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private final List<Thread> readers;
    private int calls;

    private Jvm(Process process) {
        this.process = process;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        this.readers = List.of(
                read(process.getInputStream(), line -> {
                    output.add(line);
                    outputByFirstWord.putIfAbsent(line.substring(0, Math.max(0, line.indexOf(' '))), line);
                }),
                read(process.getErrorStream(), errors::add));
    }

    static Setup with(Path jdk) {
        return new Setup(jdk);
    }

    /** The jars of a set of libraries. */
    static String classPathOf(String libraries) {
        try {
            return Files.readString(
                            Path.of(System.getProperty("resilience.libraries"), libraries, "target", "classpath"))
                    .trim();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A class file as a set of libraries has it. */
    static byte[] classFile(String libraries, String name) throws IOException {
        for (String entry : classPathOf(libraries).split(java.io.File.pathSeparator, -1)) {
            try (ZipFile jar = new ZipFile(entry)) {
                ZipEntry found = jar.getEntry(name);
                if (found != null) {
                    return jar.getInputStream(found).readAllBytes();
                }
            }
        }
        throw new IOException("no " + name + " in " + libraries);
    }

    static Path agentJar() {
        return Path.of(System.getProperty("resilience.jar")).normalize();
    }

    private static Thread read(InputStream stream, Consumer<String> lines) {
        Thread reader = new Thread(
                () -> {
                    try (BufferedReader text =
                            new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                        for (String line = text.readLine(); line != null; line = text.readLine()) {
                            lines.accept(line);
                        }
                    } catch (IOException e) {
                        lines.accept("unreadable: " + e);
                    }
                },
                "output of a JVM");
        reader.setDaemon(true);
        reader.start();
        return reader;
    }

    /** Makes one call of the program {@code Caller} and waits for its answer, without its id. */
    String call(String words) {
        String id = "c" + calls++;
        say(id + " " + words);
        return answerTo(id);
    }

    /** Starts a call and gives its id. */
    String begin(String words) {
        String id = "&" + calls++;
        say(id + " " + words);
        return id;
    }

    String answerTo(String id) {
        return awaitLine(id + " ").substring(id.length() + 1);
    }

    /** The same, or null if there is no answer in time. */
    @Nullable
    String answerWithin(Duration patience, String id) {
        try {
            return awaitLine(id + " ", patience).substring(id.length() + 1);
        } catch (ConditionTimeoutException late) {
            return null;
        }
    }

    void say(String line) {
        try {
            input.write(line + "\n");
            input.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("the JVM is gone; its errors: " + errors, e);
        }
    }

    /** The first line of output that starts so. */
    String awaitLine(String start) {
        return awaitLine(start, Duration.ofSeconds(60));
    }

    private String awaitLine(String start, Duration patience) {
        Awaitility.await(start)
                .atMost(patience)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> lineOrNull(start) != null || !process.isAlive());
        String line = lineOrNull(start);
        if (line == null) {
            throw new AssertionError("no line '" + start + "' in " + output + " errors " + errors);
        }
        return line;
    }

    private @Nullable String lineOrNull(String start) {
        if (start.indexOf(' ') == start.length() - 1) { // the answer to a call: a program may have given thousands
            return outputByFirstWord.get(start.substring(0, start.length() - 1));
        }
        return output.stream()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .orElse(null);
    }

    List<String> output() {
        return output;
    }

    List<String> errors() {
        return errors;
    }

    Process process() {
        return process;
    }

    /** Sends a signal by its name. */
    void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the program's input and waits for it to exit by itself. */
    int finish() {
        try {
            input.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return awaitExit();
    }

    int awaitExit() {
        try {
            if (!process.waitFor(90, TimeUnit.SECONDS)) {
                throw new AssertionError("still running; output " + output + " errors " + errors);
            }
            for (Thread reader : readers) {
                reader.join(5_000); // a child of its own may keep its output open
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        awaitExit();
    }

    /** How to start one. */
    static final class Setup {
        private final Path jdk;
        private final List<String> options = new ArrayList<>();
        private final List<String> further = new ArrayList<>();
        private final Map<String, String> variables = new HashMap<>();
        private String libraries = "newest";

        private Setup(Path jdk) {
            this.jdk = jdk;
        }

        /** With the agent, and these system properties for it: {@code "mode=enforce"} is {@code resilience.mode}. */
        Setup agent(String... properties) {
            options.add("-javaagent:" + agentJar());
            for (String property : properties) {
                options.add("-Dresilience." + property);
            }
            return this;
        }

        /** The gRPC server of the tests, without the agent. */
        Jvm echoServer() {
            return new Setup(jdk).start("dev.resilience.apps.EchoServer");
        }

        /** Adds the jar that this class of the tests comes from. */
        Setup alsoOnClassPath(Class<?> type) {
            further.add(type.getProtectionDomain().getCodeSource().getLocation().getPath());
            return this;
        }

        /** Adds a directory of classes that goes before those of the libraries. */
        Setup firstOnClassPath(Path classes) {
            further.add(classes.toString());
            return this;
        }

        /** Sets an environment variable. */
        Setup variable(String name, String value) {
            variables.put(name, value);
            return this;
        }

        /** With no library but the JDK. */
        Setup noLibraries() {
            libraries = "";
            return this;
        }

        Setup option(String option) {
            options.add(option);
            return this;
        }

        /** {@code newest}, {@code floor}, {@code below} or {@code okhttp}. */
        Setup libraries(String name) {
            libraries = name;
            return this;
        }

        Jvm start(String main, String... arguments) {
            try {
                List<String> command = new ArrayList<>();
                command.add(jdk.resolve("bin/java").toString());
                command.add("-XX:TieredStopAtLevel=1");
                command.add("-Xmx256m");
                command.addAll(options);
                command.add("-cp");
                command.add(System.getProperty("resilience.apps") + java.io.File.pathSeparator + classPath());
                command.add(main);
                command.addAll(List.of(arguments));
                ProcessBuilder process = new ProcessBuilder(command);
                process.environment().putAll(variables);
                return new Jvm(process.start());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Starts the program {@code Container}, which has no libraries of its own, and waits until it takes commands. */
        Jvm container() {
            Jvm jvm = noLibraries().start("dev.resilience.apps.Container");
            jvm.awaitLine("ready");
            return jvm;
        }

        /** Starts the program {@code Caller} and waits until it takes calls. */
        Jvm caller() {
            Jvm jvm = start("dev.resilience.apps.Caller");
            jvm.awaitLine("ready");
            return jvm;
        }

        private String classPath() {
            List<String> entries = new ArrayList<>(further);
            if (!libraries.isEmpty()) {
                entries.add(classPathOf(libraries));
            }
            return String.join(java.io.File.pathSeparator, entries);
        }
    }
}
