package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What leaves a program, as plain relays before real servers record it, is the same with and without the agent. */
@Tag("unhurried")
class WireIT {

    static Stream<Arguments> settings() {
        return Jdks.all().stream()
                .flatMap(jdk -> Stream.of("newest", "floor", "okhttp").map(name -> Arguments.of(jdk, name)));
    }

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void theAgentChangesNoByteOfAnyProtocol(Path jdk, String libraries) {
        try (Servers servers = new Servers()) {
            Sent bare = sent(servers, setup(jdk, libraries), servers.calls());
            assertThat(bare.http()).anyMatch(line -> line.startsWith("not HTTP/2: GET /status/200 HTTP/1.1"));
            assertThat(bare.http2()).anyMatch(line -> line.startsWith("stream 3 HEADERS"));
            assertThat(bare.grpc()).anyMatch(line -> line.startsWith("stream 3 DATA") && line.endsWith("hello"));
            assertThat(bare.sql()).anyMatch(line -> line.startsWith("P ") && line.contains("select 1 + 1"));

            assertThat(sent(servers, setup(jdk, libraries).agent(), servers.calls()))
                    .as("without a policy")
                    .isEqualTo(bare);
            assertThat(sent(servers, setup(jdk, libraries).agent("defaults.deadline=50ms"), servers.calls()))
                    .as("with a policy that only watches")
                    .isEqualTo(bare);
            assertThat(sent(servers, setup(jdk, libraries).agent("mode=enforce"), servers.calls()))
                    .as("with breakers that are closed")
                    .isEqualTo(bare);
        }
    }

    /** So the comparison would see a change. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aDeadlineThatIsKeptIsSeenOnTheWire(Path jdk) {
        try (Servers servers = new Servers()) {
            Sent free = sent(servers, setup(jdk, "newest").agent("mode=enforce"), servers.calls());
            Sent bound = sent(
                    servers,
                    setup(jdk, "newest").agent("mode=enforce", "defaults.deadline=3s"),
                    servers.callsThatHang());

            assertThat(free.http2()).noneMatch(line -> line.contains("RST_STREAM"));
            assertThat(bound.http2()).anyMatch(line -> line.contains("RST_STREAM"));
            assertThat(free.grpc()).noneMatch(line -> line.contains("grpc-timeout"));
            assertThat(bound.grpc()).anyMatch(line -> line.contains("grpc-timeout"));
            assertThat(free.sql()).doesNotContain("cancel");
            assertThat(bound.sql()).contains("cancel");
        }
    }

    /**
     * HikariCP looks after connections it has not used for a while, and gives up on the first, which depends on time: on a
     * busy machine a statement was never sent.
     */
    private static Jvm.Setup setup(Path jdk, String libraries) {
        return Jvm.with(jdk).libraries(libraries).option("-Dcom.zaxxer.hikari.aliveBypassWindowMs=600000");
    }

    private static Sent sent(Servers servers, Jvm.Setup setup, List<String> calls) {
        servers.forget();
        try (Jvm program = setup.caller()) {
            calls.forEach(program::call);
            assertThat(program.finish()).isZero();
        }
        return servers.sent();
    }

    /** What was sent in each protocol, decoded and a line each. */
    private record Sent(List<String> http, List<String> http2, List<String> grpc, List<String> sql) {}

    /** Real servers, and before each a relay whose port stays the same for all programs. */
    private static final class Servers implements AutoCloseable {
        private final RawHttpServer http = new RawHttpServer();
        private final Http2Server http2 = new Http2Server();
        private final EchoFixture grpc = new EchoFixture();
        private final Relay toHttp = new Relay(http.port());
        private final Relay toHttp2 = new Relay(http2.port());
        private final Relay toGrpc = new Relay(grpc.port());
        private final Relay toSql = new Relay(Postgres.server().getPort());

        private String http(String path) {
            return "http://127.0.0.1:" + toHttp.port() + path;
        }

        private String http2(String path) {
            return "http://127.0.0.1:" + toHttp2.port() + path;
        }

        private String grpc() {
            return "127.0.0.1:" + toGrpc.port();
        }

        private String sql() {
            return "jdbc:postgresql://127.0.0.1:" + toSql.port() + "/postgres?user=postgres";
        }

        List<String> calls() {
            return List.of(
                    "http " + http("/status/200"),
                    "http " + http("/status/503"),
                    "http-post " + http("/status/200") + " one two",
                    "http-async " + http("/status/404"),
                    "http " + http2("/status/200"),
                    "http " + http2("/status/503"),
                    "http-post " + http2("/status/200") + " one two",
                    "http-async " + http2("/status/404"),
                    "grpc " + grpc() + " hello",
                    "grpc " + grpc() + " fail UNAVAILABLE",
                    "grpc-future " + grpc() + " hello",
                    "grpc-async " + grpc() + " fail INTERNAL",
                    "grpc-list " + grpc() + " a,b,c",
                    "grpc-collect " + grpc() + " a,b,c",
                    "grpc-chat " + grpc() + " a,b,c",
                    "sql " + sql() + " select 1 + 1",
                    "sql " + sql() + " select * from nowhere",
                    "batch " + sql() + " create temporary table if not exists u (id int)",
                    "prepared " + sql() + " select ? + 1",
                    "direct " + sql() + " select 'direct'");
        }

        List<String> callsThatHang() {
            return List.of(
                    // on a busy machine the first connection of a pool may take longer than the deadline
                    "sql " + sql() + " select 1",
                    "sql " + sql() + " select 1",
                    "http " + http2("/status/200"),
                    "http " + http2("/status/200"),
                    "grpc " + grpc() + " hello",
                    "grpc " + grpc() + " hello",
                    "http " + http2("/hang"),
                    "grpc " + grpc() + " hang",
                    "sql " + sql() + " select pg_sleep(30)");
        }

        void forget() {
            List.of(toHttp, toHttp2, toGrpc, toSql).forEach(Relay::forget);
        }

        Sent sent() {
            return new Sent(
                    lines(toHttp, Http2Frames::of),
                    lines(toHttp2, Http2Frames::of),
                    lines(toGrpc, Http2Frames::of),
                    lines(toSql, PostgresMessages::of));
        }

        private static List<String> lines(Relay relay, Function<byte[], List<String>> decoder) {
            Awaitility.await().until(() -> relay.open() == 0);
            List<String> lines = new ArrayList<>();
            for (byte[] conversation : relay.conversations()) {
                List<String> said = decoder.apply(conversation);
                if (!said.isEmpty()) {
                    lines.add("connection");
                    lines.addAll(said);
                }
            }
            return lines;
        }

        @Override
        public void close() {
            List.of(toHttp, toHttp2, toGrpc, toSql).forEach(Relay::close);
            grpc.close();
            http2.close();
            http.close();
        }
    }
}
