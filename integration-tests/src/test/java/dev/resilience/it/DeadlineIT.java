package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A hung server and a deadline: the caller is answered in time, the server sees the cancel, nothing is left. */
class DeadlineIT {
    private static final int CALLS = 200;
    private static final int AT_ONCE = 10;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void http(Path jdk) {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = guarded(jdk)) {
            program.call("http " + server.url("/status/200"));
            for (String kind : List.of("http", "http-async")) {
                int before = server.closedByClient();
                cut(jdk, kind, program, kind + " " + server.url("/hang"), "java.net.http.HttpTimeoutException");
                eventually(() -> server.closedByClient() - before == CALLS);
            }
            noThreadIsLeft(program);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void grpc(Path jdk) {
        try (EchoFixture server = new EchoFixture();
                Jvm program = guarded(jdk)) {
            program.call("grpc " + server.target() + " hello");
            for (String kind : List.of("grpc", "grpc-future", "grpc-async")) {
                int before = server.echo().cancelled();
                cut(
                        jdk,
                        kind,
                        program,
                        kind + " " + server.target() + " hang",
                        "StatusRuntimeException: DEADLINE_EXCEEDED");
                eventually(() -> server.echo().cancelled() - before == CALLS);
            }
            noThreadIsLeft(program);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void postgres(Path jdk) {
        try (Jvm program = guarded(jdk)) {
            String url = Postgres.url() + "&ApplicationName=cut" + Jdks.releaseOf(jdk);
            openConnections(program, url, AT_ONCE);
            cut(jdk, "sql", program, "sql " + url + " select pg_sleep(30)", "deadline_exhausted (100)");
            eventually(() -> sleeping(jdk) == 0);
            eventually(() -> program.call("pool " + url).contains(" 0/"));
            assertThat(program.call("sql " + url + " select 2")).endsWith(" 2");
            noThreadIsLeft(program);
        }
    }

    /** Fills the pool, so that what is measured is the statement and not the making of connections. */
    static void openConnections(Jvm program, String url, int count) {
        eventually(() -> {
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ids.add(program.begin("sql " + url + " select pg_sleep(0.2)"));
            }
            return ids.stream()
                            .map(program::answerTo)
                            .filter(answer -> answer.startsWith("ok "))
                            .count()
                    == count;
        });
    }

    private static Jvm guarded(Path jdk) {
        return Jvm.with(jdk)
                .agent("mode=enforce", "defaults.breaker.strategy=off", "defaults.deadline=300ms")
                .caller();
    }

    private static void cut(Path jdk, String kind, Jvm program, String call, String exception) {
        program.call("hiccups");
        List<Long> late = new ArrayList<>();
        int cut = 0;
        for (int round = 0; round < CALLS / AT_ONCE; round++) {
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                ids.add(program.begin(call));
            }
            for (String id : ids) {
                String answer = program.answerTo(id);
                // on a busy machine a cancel is late, its connection is lost, and the pool has none for the next call:
                // HikariCP then says so in its own words, within the same budget
                assertThat(answer).containsAnyOf(exception, "Connection is not available, request timed out");
                cut += answer.contains(exception) ? 1 : 0;
                late.add(Long.parseLong(answer.split(" ", 3)[1]) - 300_000);
            }
        }
        late.sort(null);
        String[] hiccups = program.call("hiccups").split(" ", 3)[2].split("/", 2);
        System.out.printf(
                "deadline 300 ms, JDK %d, %s: answer late by P50 %.1f ms, P99 %.1f ms; hiccups of the machine P50 %s us, P99 %s us%n",
                Jdks.releaseOf(jdk),
                kind,
                late.get(CALLS / 2) / 1000.0,
                late.get(CALLS * 99 / 100) / 1000.0,
                hiccups[0],
                hiccups[1]);
        assertThat(cut).as("calls cut by the deadline itself").isGreaterThanOrEqualTo(CALLS * 9 / 10);
        assertThat(late.get(0)).as("never early").isGreaterThan(-2_000);
        assertThat(late.get(CALLS / 2)).as("late by, median in us").isLessThan(30_000);
    }

    private static void noThreadIsLeft(Jvm program) {
        eventually(() -> Stream.of(program.call("threads").split(",", -1))
                        .filter(name -> name.startsWith("resilience"))
                        .count()
                <= 12);
    }

    private static int sleeping(Path jdk) {
        return Postgres.count("select count(*) from pg_stat_activity where state = 'active'"
                + " and query like 'select pg_sleep%' and application_name = 'cut" + Jdks.releaseOf(jdk) + "'");
    }

    private static void eventually(java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(condition);
    }
}
