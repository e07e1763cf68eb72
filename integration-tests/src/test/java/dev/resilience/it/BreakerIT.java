package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A breaker's whole life over real calls: closed, open without a packet sent, probing, closed again. */
@Tag("waiting")
class BreakerIT {
    private static final String[] POLICY = {
        "mode=enforce",
        "defaults.breaker.strategy=consecutive",
        "defaults.breaker.open-for=2s",
        "defaults.breaker.jitter=0%",
        "defaults.breaker.probes=2",
    };

    static Stream<Arguments> settings() {
        return Jdks.all().stream().flatMap(jdk -> Stream.of("newest", "floor").map(name -> Arguments.of(jdk, name)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void http(Path jdk, String libraries) {
        for (String kind : new String[] {"http", "http-async"}) {
            try (RawHttpServer server = new RawHttpServer();
                    Jvm program =
                            Jvm.with(jdk).libraries(libraries).agent(POLICY).caller()) {
                String call = kind + " " + server.url("/status/200");
                life(
                        program,
                        call,
                        call,
                        server::failing,
                        () -> server.requests().size(),
                        "503 body",
                        "failed \\d+ java.io.IOException: .*circuit_open \\(102\\).*");
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void grpc(Path jdk, String libraries) {
        for (String kind : new String[] {"grpc", "grpc-future", "grpc-async"}) {
            try (EchoFixture server = new EchoFixture();
                    Jvm program =
                            Jvm.with(jdk).libraries(libraries).agent(POLICY).caller()) {
                String call = kind + " " + server.target() + " hello";
                life(
                        program,
                        call,
                        call,
                        on -> server.echo().failing(on),
                        () -> server.echo().calls(),
                        "UNAVAILABLE: as told",
                        "failed \\d+ .*io.grpc.StatusRuntimeException: UNAVAILABLE: .*circuit_open \\(102\\).*");
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void postgres(Path jdk, String libraries) {
        for (String kind : new String[] {"sql", "direct"}) {
            try (Relay relay = new Relay(Postgres.server().getPort());
                    Jvm program =
                            Jvm.with(jdk).libraries(libraries).agent(POLICY).caller()) {
                String url = "jdbc:postgresql://127.0.0.1:" + relay.port() + "/postgres?user=postgres";
                life(
                        program,
                        kind + " " + url + " select 1",
                        kind + " " + url + " do $$ begin raise exception using errcode = '53200'; end $$",
                        on -> {},
                        () -> sentBy(relay, kind.equals("direct")),
                        "[53200]",
                        "failed \\d+ java.sql.SQLTransientConnectionException: .*circuit_open \\(102\\).*");
            }
        }
    }

    /** Once it has all that was sent: a connection of its own says good-bye when it is closed. */
    private static int sentBy(Relay relay, boolean isClosed) {
        Awaitility.await().until(() -> !isClosed || relay.open() == 0);
        long[] before = {-1};
        Awaitility.await().pollInterval(Duration.ofMillis(50)).until(() -> {
            long now = relay.sent();
            boolean isStill = now == before[0];
            before[0] = now;
            return isStill;
        });
        return (int) before[0];
    }

    private static void life(
            Jvm program,
            String success,
            String failure,
            java.util.function.Consumer<Boolean> failing,
            java.util.function.IntSupplier arrived,
            String fault,
            String refusal) {
        assertThat(program.call(success)).startsWith("ok ");
        failing.accept(true);
        for (int i = 0; i < 5; i++) {
            assertThat(program.call(failure)).contains(fault);
        }
        int before = arrived.getAsInt();
        List<String> refused = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            refused.add(program.begin(failure)); // all of them before it lets any through again
        }
        for (String id : refused) {
            assertThat(program.answerTo(id)).matches(refusal);
        }
        assertThat(arrived.getAsInt()).isEqualTo(before);

        failing.accept(false);
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> program.call(success).startsWith("ok "));
        assertThat(arrived.getAsInt()).isGreaterThan(before);
        for (int i = 0; i < 10; i++) {
            assertThat(program.call(success)).startsWith("ok ");
        }
        assertThat(program.errors()).noneMatch(line -> line.contains("fault at"));
        assertThat(program.finish()).isZero();
    }
}
