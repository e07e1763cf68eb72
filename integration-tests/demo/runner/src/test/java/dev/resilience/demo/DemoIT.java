package dev.resilience.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class DemoIT {
    private static final Pattern READY =
            Pattern.compile("Ready: HTTP on port (\\d+), gRPC on port (\\d+), .*:(\\d+)/.*");

    private final List<String> output = new ArrayList<>();
    private final Set<ProcessHandle> children = new HashSet<>();
    private Process demo;

    @BeforeEach
    void start() throws IOException {
        demo = new ProcessBuilder(
                        Processes.java(),
                        "-Xmx192m",
                        "-Ddemo.agent=" + System.getProperty("demo.agent"),
                        "-Ddemo.shop=" + System.getProperty("demo.shop"),
                        "-Ddemo.policy=" + System.getProperty("demo.policy"),
                        "-Ddemo.directory=" + System.getProperty("demo.directory"),
                        "-Ddemo.speed=0.6",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        "dev.resilience.demo.Demo")
                .redirectErrorStream(true)
                .start();
    }

    @AfterEach
    void end() {
        demo.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    @Test
    @Timeout(150)
    void showsBothRunsAndTheVerdictAndLeavesNothingBehind() throws Exception {
        read(Pattern.compile("no such line"));

        assertThat(demo.waitFor()).as(String.join("\n", output)).isZero();
        assertThat(String.join("\n", output))
                .contains("bare  [", "with resilience.jar  [", "consecutive-failures: 5")
                .contains("decision=fallback", "reason=circuit_open", "circuit_breaker.state=OPEN")
                .contains("SIDE BY SIDE", "VERDICT", "exit code 143")
                .doesNotContain("It did not hold");
        nothingIsLeft();
    }

    @Test
    @Timeout(150)
    void leavesNothingBehindWhenItIsInterrupted() throws Exception {
        read(Pattern.compile("bare  \\[.*the HTTP service hangs"));
        demo.descendants().forEach(children::add);

        demo.destroy();

        assertThat(demo.waitFor()).isEqualTo(143);
        assertThat(children).hasSizeGreaterThan(2);
        nothingIsLeft();
    }

    private void read(Pattern until) throws IOException {
        BufferedReader reader = demo.inputReader(StandardCharsets.UTF_8);
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            output.add(line);
            demo.descendants().forEach(children::add);
            if (until.matcher(line).find()) {
                return;
            }
        }
    }

    private void nothingIsLeft() throws Exception {
        for (ProcessHandle child : children) {
            child.onExit().get(10, TimeUnit.SECONDS);
        }
        Matcher ready = output.stream()
                .map(READY::matcher)
                .filter(Matcher::matches)
                .findFirst()
                .orElseThrow();
        for (int i = 1; i <= ready.groupCount(); i++) {
            int port = Integer.parseInt(ready.group(i));
            assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                    .isInstanceOf(ConnectException.class);
        }
    }
}
