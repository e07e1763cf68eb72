package dev.resilience.agent.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What only a JVM of its own can show: which classes load, and what is sent when it ends. */
class ShortProgramTest {
    @Test
    void loadsNothingOfOpenTelemetryWithoutAnExporter() throws Exception {
        String output = run("-Xlog:class+load:stdout");

        assertThat(output).contains("no trace").contains("dev.resilience.agent.telemetry.OpenTelemetrySink");
        assertThat(output).doesNotContain("io.opentelemetry.").doesNotContain("java.net.http.");
    }

    @Test
    void sendsItsSpanBeforeTheJvmEnds() throws Exception {
        try (OtlpReceiver receiver = new OtlpReceiver()) {
            String output = run("-Dotel.exporter.otlp.endpoint=" + receiver.url(), "-Dotel.service.name=short");

            assumeThat(output).as("two seconds must be enough to start an SDK").doesNotContain("telemetry/close");
            assertThat(output).isEqualToIgnoringNewLines("a trace");
            assertThat(receiver.next().getName()).isEqualTo("HTTP payments.svc:8443");
            assertThat(receiver.resource).containsEntry("service.name", "short");
        }
    }

    @Test
    void saysInOneLineThatNobodyListensAndEndsInGoodOrder() throws Exception {
        String output = run("-Dotel.exporter.otlp.endpoint=http://127.0.0.1:1");

        assertThat(output.lines()).first().isEqualTo("a trace");
        assertThat(output.lines().skip(1)).allMatch(line -> line.startsWith("telemetry/"));
    }

    private static String run(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ShortProgram.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(key -> key.startsWith("OTEL_"));
        Process process = builder.start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            return output;
        } finally {
            process.destroyForcibly();
        }
    }
}
