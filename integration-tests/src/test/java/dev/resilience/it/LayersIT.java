package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The layers an application has around its clients are called in the same order with and without the agent. */
@Tag("unhurried")
class LayersIT {
    private static final String[] ONE_FAILURE_OPENS = {
        "mode=enforce", "defaults.breaker.strategy=consecutive", "defaults.breaker.consecutive-failures=1"
    };

    static Stream<Arguments> settings() {
        return Jdks.all().stream()
                .flatMap(jdk -> Stream.of("newest", "floor", "okhttp").map(name -> Arguments.of(jdk, name)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void theOrderIsTheSame(Path jdk, String libraries) {
        try (RawHttpServer http = new RawHttpServer();
                EchoFixture grpc = new EchoFixture()) {
            List<String> calls = List.of(
                    "grpc " + grpc.target() + " hello",
                    "grpc " + grpc.target() + " fail UNAVAILABLE",
                    "grpc-chat " + grpc.target() + " a,b,c",
                    "http " + http.url("/status/200"),
                    "sql " + Postgres.url() + " select 1",
                    "sql " + Postgres.url() + " select * from nowhere");
            List<String> bare = orders(Jvm.with(jdk).libraries(libraries), calls);
            assertThat(bare.get(0)).containsSubsequence("outer start", "inner start", "inner onClose", "outer onClose");
            assertThat(bare.get(4)).containsSubsequence("source getConnection", "driver connect", "statement execute");

            assertThat(orders(Jvm.with(jdk).libraries(libraries).agent(), calls))
                    .isEqualTo(bare);
            assertThat(orders(Jvm.with(jdk).libraries(libraries).agent("mode=enforce"), calls))
                    .as("with breakers that are closed")
                    .isEqualTo(bare);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void interceptorsSeeARefusalAsTheySeeAFailureOfTheServer(Path jdk, String libraries) {
        try (EchoFixture grpc = new EchoFixture()) {
            String call = "grpc " + grpc.target() + " fail UNAVAILABLE";
            List<String> orders =
                    orders(Jvm.with(jdk).libraries(libraries).agent(ONE_FAILURE_OPENS), List.of(call, call));

            assertThat(orders.get(0)).contains("outer onClose UNAVAILABLE as told");
            assertThat(orders.get(1)).contains("circuit_open (102)").doesNotContain("as told");
            Function<String, String> order = text -> text.replaceAll("UNAVAILABLE:? [^>|]*", "UNAVAILABLE ");
            assertThat(order.apply(orders.get(1))).isEqualTo(order.apply(orders.get(0)));
            assertThat(grpc.echo().calls()).isOne();
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void aRefusalComesFromAboveTheHooksOfTheHttpClientAndBelowTheWrappersOfADriver(Path jdk, String libraries) {
        try (RawHttpServer http = new RawHttpServer()) {
            String get = "http " + http.url("/status/503");
            String query = "sql " + Postgres.url() + " do $$ begin raise exception using errcode = '53200'; end $$";
            List<String> orders = orders(
                    Jvm.with(jdk).libraries(libraries).agent(ONE_FAILURE_OPENS), List.of(get, get, query, query));

            assertThat(orders.get(0)).contains("proxies select", "cookies get");
            assertThat(orders.get(1))
                    .startsWith("caller failed: java.io.IOException: ")
                    .contains("circuit_open (102)");
            assertThat(orders.get(2)).contains("statement execute failed");
            assertThat(orders.get(3))
                    .startsWith("source getConnection > driver connect > driver connect > ")
                    .doesNotContain("driver has connected")
                    .contains("caller failed: java.sql.SQLTransientConnectionException: ", "circuit_open (102)");
        }
    }

    /** The JDK keeps cookies on the thread of the caller or on one of its own, whichever comes first. */
    private static String ofAnyThread(String order) {
        String put = "cookies put";
        return order.contains(put) ? order.replace(put + " > ", "").replace("| " + put, "| ") + " + " + put : order;
    }

    /** What the program prints of each call. */
    private static List<String> orders(Jvm.Setup setup, List<String> calls) {
        List<String> orders = new ArrayList<>();
        try (Jvm program = setup.start("dev.resilience.apps.Layers")) {
            program.awaitLine("ready");
            for (String call : calls) {
                orders.add(ofAnyThread(program.call(call)));
            }
            assertThat(program.finish()).isZero();
            return orders;
        }
    }
}
