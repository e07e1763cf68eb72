package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A permit comes back however a call ends: 10,000 calls of each client, counted by the agent itself. */
@Tag("unhurried")
class PermitsIT {
    private static final int CALLS = 10_000;
    private static final long SEED = 20260101;

    /**
     * The breaker has one probe and gives it up only after an hour: one permit of a probe that is lost leaves it
     * half-open, and the last call of the test refused.
     */
    private static final String POLICY = """
            file-format: "1.0"
            mode: enforce
            drain: 1s
            defaults:
              deadline: 150ms
              breaker: { strategy: consecutive, consecutive-failures: 4, open-for: 20ms, max-open-for: 40ms, probes: 1, probe-timeout: 1h }
            policies:
              forever:
                match: { protocol: http, path: "/hang/forever" }
                deadline: none
                breaker: { strategy: off }
            """;

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void comeBackOverARandomWalk(Path jdk) throws Exception {
        try (RawHttpServer http = new RawHttpServer();
                EchoFixture grpc = new EchoFixture();
                Jvm program = start(jdk, http, grpc)) {
            for (String client : new String[] {"http", "grpc", "jdbc"}) {
                String walked = program.awaitLine("walked " + client);
                System.out.printf("permits, JDK %d, %s%n", Jdks.releaseOf(jdk), walked);
                assertThat(walked).startsWith("walked " + client + " " + CALLS + " calls");
            }
            program.awaitLine("done");
            // a body that nobody reads gives its permit back at the deadline, in the background
            TimeUnit.MILLISECONDS.sleep(2000);
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
                program.say("probe");
                return program.output().contains("answer probe");
            });
            // three more, so that the count is seen to count
            int before = http.requests().size();
            for (int i = 0; i < 3; i++) {
                program.say("hang");
            }
            Awaitility.await().until(() -> http.requests().size() >= before + 3);
            program.signal("TERM");
            assertThat(program.awaitExit()).isEqualTo(143);
            assertThat(program.errors())
                    .filteredOn(line -> line.startsWith("resilience") && !line.startsWith(Jvm.LEAK))
                    .as("the agent's own count, and no fault of it")
                    .containsExactly(
                            "resilience: draining 3 calls, for at most 1000ms", "resilience: cutting 3 calls short");
        }
    }

    private Jvm start(Path jdk, RawHttpServer http, EchoFixture grpc) throws IOException {
        Path file = directory.resolve("policy.yaml");
        Files.writeString(file, POLICY);
        return Jvm.with(jdk)
                .agent("config=" + file)
                .start(
                        "dev.resilience.apps.Walk",
                        Integer.toString(CALLS),
                        Long.toString(SEED),
                        http.url(""),
                        grpc.target(),
                        Postgres.url());
    }
}
