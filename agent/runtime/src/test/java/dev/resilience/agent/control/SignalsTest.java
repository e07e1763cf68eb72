package dev.resilience.agent.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Real processes and real signals. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Timeout(60)
class SignalsTest {
    private static final String ENFORCE = "file-format: \"1.0\"\nmode: enforce\ndrain: %s\n";
    private static final String OBSERVE = "file-format: \"1.0\"\nmode: observe\n";
    private static final int KILLED_BY_TERM = 143;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit
    Path directory;

    @SuppressWarnings("NullAway.Init") // before each test
    private Path policies;

    private @Nullable Process process;
    private @Nullable BufferedReader output;
    private final List<String> lines = new ArrayList<>();

    @BeforeEach
    void namePolicies() {
        policies = directory.resolve("policies.yaml");
    }

    @AfterEach
    void end() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    @Test
    void finishesWhatIsInFlightAndBeginsNothingNew() throws Exception {
        start(ENFORCE.formatted("10s"), List.of(), "20", "1000");
        kill("TERM");

        assertThat(exitCode()).isEqualTo(KILLED_BY_TERM);
        assertThat(lines).filteredOn("answered"::equals).hasSize(20);
        assertThat(lines).anyMatch(line -> line.contains("refused resilience: call refused: draining (104)"));
        assertThat(lines).contains("flushed", "hook ran");
        assertThat(lines.indexOf("hook ran")).isGreaterThan(lines.lastIndexOf("answered"));
    }

    @Test
    void cutsWhatOutlastsTheDrain() throws Exception {
        start(ENFORCE.formatted("300ms"), List.of(), "5", "30000");
        kill("TERM");

        assertThat(exitCode()).isEqualTo(KILLED_BY_TERM);
        assertThat(lines)
                .filteredOn(line -> line.startsWith("cut resilience: call cut: draining (104)"))
                .hasSize(5);
        assertThat(lines).contains("hook ran");
    }

    @Test
    void endsNowOnTheSecondTerm() throws Exception {
        start(ENFORCE.formatted("60s"), List.of(), "5", "50000");
        kill("TERM");
        readUntil("resilience: draining");
        long before = System.nanoTime();
        kill("TERM");

        assertThat(exitCode()).isEqualTo(KILLED_BY_TERM);
        assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(10));
        assertThat(lines).contains("hook ran").doesNotContain("answered");
    }

    @Test
    void waitsForNothingWhileObserving() throws Exception {
        start(OBSERVE, List.of(), "5", "50000");
        kill("TERM");

        assertThat(exitCode()).isEqualTo(KILLED_BY_TERM);
        assertThat(lines).contains("hook ran").noneMatch(line -> line.contains("drain"));
    }

    @Test
    void readsThePoliciesAgainAndKeepsThoseInForceWhenTheyAreInvalid() throws Exception {
        start(OBSERVE, List.of(), "0", "0");
        for (int i = 0; i < 25; i++) {
            Files.writeString(policies, "mode: [nonsense");
            kill("USR1");
            readUntil("resilience: policies not reloaded");
            Files.writeString(policies, i % 2 == 0 ? ENFORCE.formatted("2s") : OBSERVE);
            kill("USR1");
            readUntil("resilience: policies reloaded");
        }
        kill("TERM");

        assertThat(exitCode()).isEqualTo(KILLED_BY_TERM);
        assertThat(lines).anyMatch(line -> line.contains("policies.yaml:1"));
        assertThat(lines).anyMatch(line -> line.startsWith("resilience: draining"));
        assertThat(lines).noneMatch(line -> line.contains("fault at"));
    }

    @Test
    void survivesAStormOfReloads() throws Exception {
        start(OBSERVE, List.of(), "0", "0");
        for (int i = 0; i < 50; i++) {
            kill("USR1");
        }
        readUntil("resilience: policies reloaded");
        kill("TERM");

        assertThat(exitCode()).isEqualTo(KILLED_BY_TERM);
        assertThat(lines).noneMatch(line -> line.contains("fault at"));
    }

    @Test
    void saysThatXrsTakesTheSignalsAway() throws Exception {
        start(ENFORCE.formatted("5s"), List.of("-Xrs"), "0", "0");
        kill("TERM");

        assertThat(exitCode()).isEqualTo(KILLED_BY_TERM);
        assertThat(lines).filteredOn(line -> line.contains("-Xrs")).hasSize(1);
        assertThat(lines).doesNotContain("hook ran");
    }

    @Test
    void noticesAnApplicationThatTakesTheSignalOver() throws Exception {
        start(OBSERVE, List.of(), "0", "0", "TERM");
        String noticed = "resilience: the application handles SIGTERM itself now";
        if (lines.stream().noneMatch(line -> line.startsWith(noticed))) { // it looks by itself too, while that starts
            kill("USR1");
            readUntil(noticed);
        }
        kill("USR1");
        readUntil("resilience: policies reloaded");
        kill("TERM");
        kill("KILL");
        exitCode();

        assertThat(lines)
                .filteredOn(line -> line.contains("handles SIGTERM itself"))
                .hasSize(1);
        assertThat(lines).doesNotContain("hook ran");
    }

    private void start(String policy, List<String> options, String... arguments) throws Exception {
        Files.writeString(policies, policy);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), GuardedProcess.class.getName()));
        command.add(policies.toString());
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        output = process.inputReader(StandardCharsets.UTF_8);
        readUntil("ready");
    }

    private void kill(String signal) throws Exception {
        Process kill =
                new ProcessBuilder("kill", "-" + signal, Long.toString(started().pid())).start();
        assertThat(kill.waitFor()).isZero();
    }

    private int exitCode() throws Exception {
        String line = next();
        while (line != null) {
            line = next();
        }
        return started().waitFor();
    }

    private void readUntil(String beginning) throws IOException {
        String line = next();
        while (line != null && !line.startsWith(beginning)) {
            line = next();
        }
        assertThat(line).as("output until %s: %s", beginning, lines).isNotNull();
    }

    private @Nullable String next() throws IOException {
        String line = output == null ? null : output.readLine();
        if (line != null) {
            lines.add(line);
        }
        return line;
    }

    private Process started() {
        if (process == null) {
            throw new IllegalStateException();
        }
        return process;
    }
}
