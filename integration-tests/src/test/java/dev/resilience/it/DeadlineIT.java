package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A hung server and a deadline: the caller is answered in time, the server sees the cancel, nothing is left. */
class DeadlineIT {
    private static final int CALLS = 200;
    private static final long MEDIAN_MICROS = 30_000;
    private static final int AT_ONCE = 20;

    /** As many as HikariCP's pool has by default. */
    private static final int STATEMENTS_AT_ONCE = 10;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void http(Path jdk) {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = guarded(jdk)) {
            // the first call of a JVM may take longer than the deadline
            Runnable settle = () -> eventually(
                    () -> program.call("http " + server.url("/status/200")).startsWith("ok "));
            settle.run();
            for (String kind : List.of("http", "http-async")) {
                Left start = Left.of(program);
                int before = server.closedByClient();
                cut(
                        jdk,
                        kind,
                        AT_ONCE,
                        program,
                        kind + " " + server.url("/hang"),
                        "java.net.http.HttpTimeoutException");
                eventually(() -> server.closedByClient() - before >= CALLS * 9 / 10); // others were never sent
                settle.run();
                eventually(() -> server.open() == 1);
                nothingIsLeft(jdk, kind, program, start, "connections at the server 1, the idle one");
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void grpc(Path jdk) {
        try (EchoFixture server = new EchoFixture();
                Jvm program = guarded(jdk)) {
            eventually(() -> program.call("grpc " + server.target() + " hello").startsWith("ok "));
            for (String kind : List.of("grpc", "grpc-future", "grpc-async")) {
                Left start = Left.of(program);
                int before = server.echo().cancelled();
                cut(
                        jdk,
                        kind,
                        AT_ONCE,
                        program,
                        kind + " " + server.target() + " hang",
                        "StatusRuntimeException: DEADLINE_EXCEEDED");
                eventually(() -> server.echo().cancelled() - before >= CALLS * 9 / 10); // others were never sent
                eventually(() -> server.echo().openStreams() == 0);
                assertThat(server.echo().openConnections()).isOne();
                nothingIsLeft(jdk, kind, program, start, "streams at the server 0, connections 1, the channel's");
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void postgres(Path jdk) {
        try (Jvm program = guarded(jdk)) {
            String url = Postgres.url() + "&ApplicationName=cut" + Jdks.releaseOf(jdk);
            openConnections(program, url, STATEMENTS_AT_ONCE);
            Left start = Left.of(program);
            cut(
                    jdk,
                    "sql",
                    STATEMENTS_AT_ONCE,
                    program,
                    "sql " + url + " select pg_sleep(30)",
                    "deadline_exhausted (100)");
            eventually(() -> sleeping(jdk) == 0);
            eventually(() -> program.call("pool " + url).contains(" 0/"));
            eventually(() -> program.call("sql " + url + " select 2").endsWith(" 2"));
            eventually(() -> program.call("pool " + url).endsWith("/" + backends(jdk)));
            nothingIsLeft(
                    jdk,
                    "sql",
                    program,
                    start,
                    "statements at the server 0, backends " + backends(jdk) + ", all idle in the pool");
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

    /** Late as a machine may make it once, but not twice. */
    private static void cut(Path jdk, String kind, int atOnce, Jvm program, String call, String exception) {
        long median = medianLate(jdk, kind, atOnce, program, call, exception);
        if (median >= MEDIAN_MICROS) {
            median = medianLate(jdk, kind, atOnce, program, call, exception);
        }
        assertThat(median).as("late by, median in us").isLessThan(MEDIAN_MICROS);
    }

    private static long medianLate(Path jdk, String kind, int atOnce, Jvm program, String call, String exception) {
        program.call("hiccups");
        List<Long> late = new ArrayList<>();
        int cut = 0;
        for (int round = 0; round < CALLS / atOnce; round++) {
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < atOnce; i++) {
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
        // a statement's cancel takes its time, and so begins earlier: by a fortieth of the deadline at most
        assertThat(late.get(0)).as("early, in us").isGreaterThan(kind.equals("sql") ? -9_500 : -2_000);
        return late.get(CALLS / 2);
    }

    /** What a program holds: its threads by kind, and its sockets. */
    private record Left(Map<String, Long> threads, int sockets) {
        /*
         * Pools that grow with the load and shrink by their own idle time: the caller's threads and the libraries' are
         * there without the agent as well. Pollers and unblocker are the JDK's, one for the process, as soon as
         * anything runs on a virtual thread. The agent's own are not among them.
         */
        private static final Pattern POOLED = Pattern.compile("background|HttpClient-N-.*|grpc-.*|ForkJoinPool.*"
                + "|CompletableFutureDelayScheduler|orders.*|PostgreSQL-JDBC-.*|Cleaner-N|Common-Cleaner"
                + "|MasterPoller|Read-Poller|Write-Poller|VirtualThread-.*");

        static Left of(Jvm program) {
            Map<String, Long> threads = Stream.of(
                            program.call("threads").split(" ", 3)[2].split(",", -1))
                    .map(name -> name.replaceAll("\\d+", "N"))
                    .filter(name -> !POOLED.matcher(name).matches())
                    .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
            return new Left(threads, Integer.parseInt(program.call("sockets").split(" ", 3)[2]));
        }

        /** What there is more of than there was. */
        Map<String, Long> moreThan(Left start) {
            Map<String, Long> more = new TreeMap<>(threads);
            start.threads.forEach((name, count) -> more.merge(name, -count, Long::sum));
            more.values().removeIf(count -> count <= 0);
            return more;
        }
    }

    /** The agent's workers end by themselves when idle; then nothing may be new. */
    private static void nothingIsLeft(Path jdk, String kind, Jvm program, Left start, String atTheServer) {
        eventually(() -> {
            Left now = Left.of(program);
            System.out.printf(
                    "deadline 300 ms, JDK %d, %s: left: threads %s, sockets %+d; %s%n",
                    Jdks.releaseOf(jdk), kind, now.moreThan(start), now.sockets - start.sockets, atTheServer);
            return now.moreThan(start).isEmpty() && (now.sockets <= start.sockets || kind.equals("sql"));
        });
    }

    private static int backends(Path jdk) {
        return Postgres.count(
                "select count(*) from pg_stat_activity where application_name = 'cut" + Jdks.releaseOf(jdk) + "'");
    }

    private static int sleeping(Path jdk) {
        return Postgres.count("select count(*) from pg_stat_activity where state = 'active'"
                + " and query like 'select pg_sleep%' and application_name = 'cut" + Jdks.releaseOf(jdk) + "'");
    }

    private static void eventually(java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(condition);
    }
}
