package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SIGTERM drains what is in flight, SIGUSR1 swaps the policies: with real signals, under load. */
@Tag("waiting")
class SignalsIT {
    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void termLetsCallsInFlightFinishAndRefusesNewOnes(Path jdk) {
        try (RawHttpServer http = new RawHttpServer();
                EchoFixture grpc = new EchoFixture();
                Jvm program = Jvm.with(jdk).agent("mode=enforce").caller()) {
            program.call("http " + http.url("/status/200"));
            program.call("grpc " + grpc.target() + " warm");
            DeadlineIT.openConnections(program, Postgres.url(), 20);
            List<String> inFlight = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                inFlight.add(program.begin("http " + http.url("/slow/5000")));
                inFlight.add(program.begin("grpc " + grpc.target() + " slow 5000"));
                inFlight.add(program.begin("sql " + Postgres.url() + " select pg_sleep(5)"));
            }
            eventually(() -> http.requests().size() == 21
                    && grpc.echo().calls() == 21
                    && Postgres.count("select count(*) from pg_stat_activity where query = 'select pg_sleep(5)'"
                                    + " and state = 'active'")
                            == 20);
            program.signal("TERM");
            eventually(() -> program.call("http " + http.url("/status/200")).contains("draining (104)"));
            int begun = http.requests().size();
            assertThat(program.call("grpc " + grpc.target() + " new")).contains("draining (104)");
            assertThat(program.call("sql " + Postgres.url() + " select 1")).contains("draining (104)");
            for (String id : inFlight) {
                assertThat(program.answerTo(id)).startsWith("ok ");
            }
            assertThat(program.awaitExit()).isEqualTo(143);
            assertThat(program.output()).contains("hook ran");
            assertThat(http.requests()).hasSize(begun);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void termLetsATransactionUnderWayFinish(Path jdk) {
        try (RawHttpServer http = new RawHttpServer();
                Jvm program = Jvm.with(jdk).agent("mode=enforce").caller()) {
            String table = "drained_" + program.process().pid();
            String transaction = program.begin("transaction " + Postgres.url() + " create table " + table
                    + " (id int);select pg_sleep(1.5);insert into " + table + " values (1)");
            eventually(() -> Postgres.count("select count(*) from pg_stat_activity where"
                            + " query = 'select pg_sleep(1.5)' and state = 'active'")
                    == 1);
            String slow = program.begin("http " + http.url("/slow/5000"));
            eventually(() -> http.requests().size() == 1);
            program.signal("TERM");
            eventually(() -> program.call("http " + http.url("/status/200")).contains("draining (104)"));
            assertThat(program.call("direct " + Postgres.url() + " select 1")).contains("draining (104)");
            assertThat(program.answerTo(transaction)).startsWith("ok ").endsWith("committed");
            assertThat(program.answerTo(slow)).startsWith("ok ");
            assertThat(program.awaitExit()).isEqualTo(143);
            assertThat(Postgres.count("select count(*) from " + table)).isEqualTo(1);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aSecondTermMeansNow(Path jdk) {
        try (RawHttpServer http = new RawHttpServer();
                Jvm program = Jvm.with(jdk).agent("mode=enforce").caller()) {
            program.begin("http " + http.url("/hang"));
            eventually(() -> http.requests().size() == 1);
            program.signal("TERM");
            eventually(() -> program.call("http " + http.url("/status/200")).contains("draining (104)"));
            long start = System.nanoTime();
            program.signal("TERM");
            assertThat(program.awaitExit()).isEqualTo(143);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
            assertThat(program.output()).contains("hook ran");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void theBudgetCutsWhatDoesNotFinish(Path jdk) {
        try (RawHttpServer http = new RawHttpServer();
                Jvm program = Jvm.with(jdk).agent("mode=enforce", "drain=1s").caller()) {
            String id = program.begin("http " + http.url("/hang"));
            eventually(() -> http.requests().size() == 1);
            program.signal("TERM");
            assertThat(program.answerTo(id)).contains("draining (104)");
            assertThat(program.awaitExit()).isEqualTo(143);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void inObserveTermWaitsForNothing(Path jdk) {
        try (RawHttpServer http = new RawHttpServer();
                Jvm program = Jvm.with(jdk).agent().caller()) {
            program.begin("http " + http.url("/hang"));
            eventually(() -> http.requests().size() == 1);
            long start = System.nanoTime();
            program.signal("TERM");
            assertThat(program.awaitExit()).isEqualTo(143);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
            assertThat(program.output()).contains("hook ran");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void usr1UnderLoadLosesNoCallAndMixesNoPolicies(Path jdk) throws IOException {
        Path file = directory.resolve("policy.yaml");
        Files.writeString(file, policy("201", "one"));
        try (RawHttpServer http = new RawHttpServer();
                Jvm program = Jvm.with(jdk).agent("config=" + file).caller()) {
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Files.writeString(
                        file, i % 2 == 1 ? "mode: [broken" : i % 4 == 0 ? policy("202", "two") : policy("201", "one"));
                program.signal("USR1");
                for (int call = 0; call < 10; call++) {
                    ids.add(program.begin("http " + http.url("/status/503")));
                }
            }
            for (String id : ids) {
                assertThat(program.answerTo(id)).matches("ok \\d+ (201 one|202 two)");
            }
            eventually(() -> program.errors().stream().anyMatch(line -> line.contains("policy.yaml")));
            assertThat(program.finish()).isZero();
        }
    }

    private static String policy(String status, String body) {
        return """
                file-format: "1.0"
                mode: enforce
                policies:
                  shop:
                    match: { protocol: http }
                    breaker: { strategy: off }
                    fallback:
                      - static: { status: %s, body: "%s" }
                """.formatted(status, body);
    }

    private static void eventually(java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .until(condition);
    }
}
