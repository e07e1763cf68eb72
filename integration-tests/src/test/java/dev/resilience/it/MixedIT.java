package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Calls of all clients mixed at random, against servers that answer, fail, hang and hang up, under policies with
 * everything in them: nothing is left of them, anywhere, and the heap stays flat.
 *
 * <p>{@code -Dmixed.calls=200000} for the long run, which then also waits until pools have given up their threads.
 */
@Tag("unhurried")
class MixedIT {
    private static final int CALLS = Integer.getInteger("mixed.calls", 4_000);
    private static final boolean LONG = CALLS > 50_000;
    private static final int PARTS = LONG ? 12 : 5;
    private static final int AT_ONCE = 2;
    private static final String SEED = System.getProperty("mixed.seed", "20260101");
    /** More than the heap may grow by from the first third of the run to the last. */
    private static final long GROWN = 2 << 20;

    /** The threads of the agent that stay. */
    private static final List<String> AGENTS =
            List.of("resilience-control", "resilience-deadlines", "resilience-pulse");

    /** What the JDK, Netty and the driver keep for the process, and not for a call. */
    private static final Pattern KEPT = Pattern.compile("grpc-.*ELG.*|PostgreSQL-JDBC-.*|MasterPoller|Read-Poller"
            + "|Write-Poller|VirtualThread-.*|Cleaner-N|Common-Cleaner|.*[dD]elayScheduler");

    /** Held as long as it is to be silent. */
    private static final Logger RESETS = Logger.getLogger("io.grpc.internal.ServerCallImpl");

    private static final String POLICY = """
            file-format: "1.0"
            mode: enforce
            drain: 1s
            defaults:
              deadline: 100ms
              breaker: { strategy: off }
              stream: { first-message: 100ms, idle: 100ms, total: 1s }
            policies:
              forever:
                match: { protocol: http, path: "/forever/**" }
                deadline: none
              breaker:
                match: { protocol: http, path: "/breaker/**" }
                breaker: { strategy: adaptive }
                fallback: { static: { status: 203, body: static } }
              backup:
                match: { protocol: http, path: "/backup/**" }
                breaker: { strategy: consecutive, consecutive-failures: 4, open-for: 50ms, probes: 1 }
                deadline: 150ms
                stall-after: 50ms
                retry: { attempts: 2, backoff: 5ms, budget: 50% }
                fallback:
                  - snapshot: { max-age: 2s, max-bytes: 64KiB }
                  - alternate: { uri: "http://127.0.0.1:HTTP-BACKUP/spare", deadline: 60ms }
                  - static: { status: 203, body: static }
              limited:
                match: { protocol: http, path: "/limited/**" }
                limit: { concurrency: AT-ONCE, queue: 2, max-wait: 10ms, rate: 80/s, burst: 20 }
              guarded:
                match: { authority: "GUARDED" }
                breaker: { strategy: adaptive }
                deadline: 150ms
                retry: { attempts: 2, backoff: 5ms, budget: 50%, methods: "resilience.Echo/Say" }
                fallback:
                  - alternate: { target: "GRPC-BACKUP", plaintext: true, deadline: 60ms }
                  - snapshot: { max-age: 2s, max-bytes: 64KiB }
                  - static: { body-base64: c3RhdGlj }
              reports:
                match: { protocol: jdbc, pool: reports }
                breaker: { strategy: adaptive }
                limit: { concurrency: 8, queue: 4, max-wait: 30ms }
                retry: { attempts: 2, backoff: 5ms, budget: 50% }
                fallback: { snapshot: { max-age: 2s, max-bytes: 64KiB } }
            """;

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void leaveNothingBehind(Path jdk) throws Exception {
        RESETS.setLevel(Level.OFF);
        String name = "mixed" + Jdks.releaseOf(jdk);
        prepareDatabase();
        try (StallingServer http = new StallingServer();
                StallingServer backup = new StallingServer();
                EchoFixture grpc = new EchoFixture();
                EchoFixture guarded = new EchoFixture();
                EchoFixture grpcBackup = new EchoFixture();
                Jvm program = start(jdk, name, http, backup, grpc, guarded, grpcBackup)) {
            program.awaitLine("ready");
            int sockets = Integer.parseInt(program.awaitLine("sockets ").substring(8));
            say(jdk, "warm-up", ask(program, "calls 400"));
            eventually(() -> calm(http, backup, grpc, guarded, grpcBackup, name));
            List<String> threads = names(ask(program, "threads"));
            List<String> busy = names(ask(program, "busy"));

            long leaksBefore = leaks(program);
            List<Long> heap = new ArrayList<>();
            long[] processors = processors();
            for (int part = 0; part < PARTS; part++) {
                say(jdk, "part " + (part + 1) + " of " + PARTS, ask(program, "calls " + CALLS / PARTS));
                heap.add(Long.parseLong(ask(program, "heap")));
            }
            long leaks = leaks(program) - leaksBefore;
            say(jdk, "places where work went on after its deadline", Long.toString(leaks));
            if (LONG) { // a busy machine, and a JVM that is cold, takes its time as well
                assertThat(leaks).isZero();
            }
            say(jdk, "stolen by the hypervisor", stolenSince(processors));
            eventually(() -> calm(http, backup, grpc, guarded, grpcBackup, name));
            // as many calls at once as a limit lets through: its permits are all there
            eventually(() -> ask(program, "at-once " + AT_ONCE).equals(Integer.toString(AT_ONCE)));
            eventually(() -> more(names(ask(program, "busy")), busy).isEmpty());
            assertThat(agents(ask(program, "busy"))).isSubsetOf(AGENTS);
            if (LONG) {
                Awaitility.await()
                        .atMost(Duration.ofSeconds(150))
                        .pollInterval(Duration.ofSeconds(5))
                        .until(() ->
                                more(names(ask(program, "threads")), threads).isEmpty());
            }
            List<String> agents = agents(ask(program, "threads"));
            if (LONG) {
                assertThat(agents).isSubsetOf(AGENTS).doesNotHaveDuplicates();
            }
            eventually(() -> http.open() + backup.open() == 0);

            ask(program, "close");
            eventually(() -> grpc.echo().openConnections() + guarded.echo().openConnections() == 0);
            eventually(() -> backends(name, "true") == 0);
            // the channel to the alternate is the agent's own, and kept
            assertThat(grpcBackup.echo().openConnections()).isLessThanOrEqualTo(1);
            eventually(() -> Integer.parseInt(ask(program, "sockets")) - sockets
                    <= grpcBackup.echo().openConnections());
            say(
                    jdk,
                    "left",
                    "threads that do anything 0, of the agent " + counted(agents) + ", sockets "
                            + (Integer.parseInt(ask(program, "sockets")) - sockets) + " (the alternate's channel "
                            + grpcBackup.echo().openConnections() + "), streams 0, statements 0, backends 0; heap, KiB "
                            + heap.stream().map(bytes -> bytes / 1024).toList() + ", grown by "
                            + grown(heap) / 1024 + " KiB");
            assertThat(grown(heap)).as("heap grown by").isLessThan(GROWN);

            assertThat(program.errors()).as("of Netty's buffers").noneMatch(line -> line.contains("LEAK:"));
            endsWithAllPermitsBack(program, http);
        }
    }

    /** Three calls that hang, so that the count is seen to count. */
    private static void endsWithAllPermitsBack(Jvm program, StallingServer http) {
        for (int i = 0; i < 3; i++) {
            ask(program, "hang");
        }
        eventually(() -> http.hanging() == 3);
        program.signal("TERM");
        assertThat(program.awaitExit()).isEqualTo(143);
        assertThat(program.errors())
                .filteredOn(line -> line.startsWith("resilience") && !line.startsWith(Jvm.LEAK))
                .as("the agent's own count, and no fault of it")
                .containsExactly(
                        "resilience: draining 3 calls, for at most 1000ms", "resilience: cutting 3 calls short");
    }

    private static long leaks(Jvm program) {
        return program.errors().stream()
                .filter(line -> line.startsWith(Jvm.LEAK))
                .count();
    }

    private static boolean calm(
            StallingServer http,
            StallingServer backup,
            EchoFixture grpc,
            EchoFixture guarded,
            EchoFixture grpcBackup,
            String name) {
        return http.hanging() + backup.hanging() == 0
                && grpc.echo().openStreams()
                                + guarded.echo().openStreams()
                                + grpcBackup.echo().openStreams()
                        == 0
                && backends(name, "state <> 'idle'") == 0;
    }

    private static int backends(String name, String which) {
        return Postgres.count(
                "select count(*) from pg_stat_activity where application_name = '" + name + "' and " + which);
    }

    private static void prepareDatabase() throws Exception {
        try (var connection = java.sql.DriverManager.getConnection(Postgres.url());
                var statement = connection.createStatement()) {
            statement.execute("create table if not exists mixed (id int primary key)");
            statement.execute("delete from mixed");
            statement.execute("insert into mixed values (0)");
        }
    }

    /** From the mean of the first third to that of the last; the first part still fills what has bounds. */
    private static long grown(List<Long> heap) {
        int third = heap.size() / 3;
        return mean(heap.subList(heap.size() - third, heap.size())) - mean(heap.subList(1, 1 + third));
    }

    private static long mean(List<Long> bytes) {
        return (long) bytes.stream().mapToLong(Long::longValue).average().orElse(0);
    }

    private static List<String> names(String threads) {
        return Stream.of(threads.split(",", -1))
                .map(name -> name.replaceAll("\\d+", "N"))
                .filter(name -> !KEPT.matcher(name).matches())
                .toList();
    }

    private static List<String> agents(String threads) {
        return names(threads).stream()
                .filter(thread -> thread.startsWith("resilience-"))
                .toList();
    }

    private static Map<String, Long> counted(List<String> names) {
        return names.stream().collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
    }

    private static Map<String, Long> more(List<String> now, List<String> before) {
        Map<String, Long> more = counted(now);
        before.forEach(name -> more.merge(name, -1L, Long::sum));
        more.values().removeIf(count -> count <= 0);
        return more;
    }

    private Jvm start(
            Path jdk,
            String name,
            StallingServer http,
            StallingServer backup,
            EchoFixture grpc,
            EchoFixture guarded,
            EchoFixture grpcBackup)
            throws IOException {
        Path file = directory.resolve("policy.yaml");
        Files.writeString(
                file,
                POLICY.replace("HTTP-BACKUP", Integer.toString(backup.port()))
                        .replace("GRPC-BACKUP", grpcBackup.target())
                        .replace("GUARDED", guarded.target())
                        .replace("AT-ONCE", Integer.toString(AT_ONCE)));
        return Jvm.with(jdk)
                .agent("config=" + file)
                .option("-Djdk.httpclient.keepalive.timeout=1")
                .start(
                        "dev.resilience.apps.Mixed",
                        SEED,
                        "http://127.0.0.1:" + http.port(),
                        grpc.target(),
                        guarded.target(),
                        Postgres.url() + "&ApplicationName=" + name);
    }

    private static String ask(Jvm program, String command) {
        String answer = program.answerWithin(Duration.ofMinutes(10), program.begin(command));
        assertThat(answer).as(command).isNotNull();
        return answer;
    }

    /** The time of all processors, and what was stolen of it, where the system says so. */
    private static long[] processors() throws IOException {
        Path stat = Path.of("/proc/stat");
        if (!Files.isReadable(stat)) {
            return new long[2];
        }
        String[] times = Files.readAllLines(stat).get(0).trim().split("\\s+", -1);
        return new long[] {
            Stream.of(times).skip(1).limit(8).mapToLong(Long::parseLong).sum(), Long.parseLong(times[8])
        };
    }

    private static String stolenSince(long[] before) throws IOException {
        long[] now = processors();
        return String.format(Locale.ROOT, "%.2f %%", 100.0 * (now[1] - before[1]) / Math.max(1, now[0] - before[0]));
    }

    private static void say(Path jdk, String what, String text) {
        System.out.printf("mixed calls, JDK %d, seed %s, %s: %s%n", Jdks.releaseOf(jdk), SEED, what, text);
    }

    private static void eventually(Callable<Boolean> condition) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(condition);
    }
}
