package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Limits over real calls: how many at once, how many a second, and who may wait for a turn. */
@Tag("waiting")
class LimitsIT {
    private static final String POLICY = """
            file-format: "1.0"
            mode: enforce
            defaults:
              breaker: { strategy: consecutive }
            policies:
              two:
                match: { protocol: http, port: %d }
                limit: { concurrency: 2 }
              rated:
                match: { protocol: http, port: %d }
                limit: { concurrency: 2, rate: 4/s, burst: 3 }
              queued:
                match: { protocol: http, port: %d }
                limit: { concurrency: 1, queue: 2, max-wait: 10s }
              queued-rpc:
                match: { protocol: grpc }
                limit: { concurrency: 1, queue: 1, max-wait: 10s }
              queued-database:
                match: { protocol: jdbc }
                limit: { concurrency: 1, queue: 1, max-wait: 10s }
            """;
    private static final Pattern BACK = Pattern.compile(".*java.io.IOException: resilience: call refused:"
            + " rate_limited \\(101\\), policy rated, .*, rate=4/s, burst=3, retry in (\\d+)ms, decision .*");

    /** Long enough for another call to come while it is in flight, on a busy machine too. */
    private static final long SLOW_MILLIS = 1_000;

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void areKeptByEveryClient(Path jdk) throws Exception {
        try (RawHttpServer two = new RawHttpServer();
                RawHttpServer rated = new RawHttpServer();
                RawHttpServer queued = new RawHttpServer();
                EchoFixture grpc = new EchoFixture();
                Jvm program = start(jdk, two, rated, queued)) {
            refusesTheThirdAtOnce(program, two);
            refusesWhatIsTooFastAndSaysWhenToComeBack(program, rated);
            hasThoseWaitWhoBlockAnyway(
                    program,
                    2,
                    "http " + queued.url("/slow/"),
                    "http-async " + queued.url("/slow/"),
                    () -> queued.requests().size());
            hasThoseWaitWhoBlockAnyway(
                    program,
                    1,
                    "grpc " + grpc.target() + " slow ",
                    "grpc-future " + grpc.target() + " slow ",
                    () -> grpc.echo().calls());
            haveStatementsWait(program);
            drains(program, queued);
        }
    }

    private Jvm start(Path jdk, RawHttpServer two, RawHttpServer rated, RawHttpServer queued) throws IOException {
        Path file = directory.resolve("policy.yaml");
        Files.writeString(file, POLICY.formatted(two.port(), rated.port(), queued.port()));
        return Jvm.with(jdk).agent("config=" + file).caller();
    }

    private static void refusesTheThirdAtOnce(Jvm program, RawHttpServer server) {
        for (String kind : new String[] {"http", "http-async"}) {
            int before = server.requests().size();
            String slowly = kind + " " + server.url("/slow/" + 3 * SLOW_MILLIS);
            List<String> slow = List.of(program.begin(slowly), program.begin(slowly));
            Awaitility.await().until(() -> server.requests().size() == before + 2);
            for (int i = 0; i < 5; i++) {
                assertThat(program.call(kind + " " + server.url("/status/200")))
                        .matches(
                                "failed \\d+ .*java.io.IOException: resilience: call refused: concurrency_limit \\(103\\),"
                                        + " policy two, .*, in flight=2/2, decision .*");
            }
            for (String each : slow) {
                assertThat(program.answerTo(each)).startsWith("ok ");
            }
            assertThat(server.requests()).hasSize(before + 2);
            // the outcome counts just before the caller has it
            assertThat(program.call(kind + " " + server.url("/status/200"))).startsWith("ok ");
        }
        // however a call ends, its place is free again
        for (int i = 0; i < 6; i++) {
            assertThat(program.call("http " + server.url("/status/" + (i % 2 == 0 ? 404 : 500))))
                    .startsWith("ok ");
        }
    }

    private static void refusesWhatIsTooFastAndSaysWhenToComeBack(Jvm program, RawHttpServer server)
            throws InterruptedException {
        String call = "http " + server.url("/status/200");
        long begun = System.nanoTime();
        int admitted = 0;
        int refused = 0;
        long enough = TimeUnit.MILLISECONDS.toNanos(1_500);
        long most = TimeUnit.SECONDS.toNanos(20); // for a machine that stood still meanwhile, when nothing is saved up
        while (System.nanoTime() - begun < (admitted < 3 + 4 ? most : enough)) {
            String answer = program.call(call);
            if (answer.startsWith("ok ")) {
                admitted++;
            } else {
                refused++;
                Matcher back = BACK.matcher(answer);
                assertThat(answer).matches(BACK);
                back.matches();
                assertThat(Long.parseLong(back.group(1))).isBetween(1L, 250L);
            }
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        assertThat(admitted).isBetween(3 + 4, (int) (3 + 4 * seconds));
        assertThat(server.requests()).hasSize(admitted);
        assertThat(refused).isGreaterThan(admitted);
        // and it keeps its word
        String answer = program.call(call);
        Matcher back = BACK.matcher(answer);
        if (back.matches()) {
            TimeUnit.MILLISECONDS.sleep(Long.parseLong(back.group(1)));
            assertThat(program.call(call)).startsWith("ok ");
        }
    }

    private static void hasThoseWaitWhoBlockAnyway(
            Jvm program, int waiters, String blocking, String notBlocking, IntSupplier arrived) {
        int before = arrived.getAsInt();
        long begun = System.nanoTime();
        List<String> calls = new ArrayList<>(List.of(program.begin(blocking + 2 * SLOW_MILLIS)));
        Awaitility.await().until(() -> arrived.getAsInt() == before + 1);
        assertThat(program.call(notBlocking + "1")).contains("concurrency_limit (103)");
        for (int i = 0; i < waiters; i++) {
            calls.add(program.begin(blocking + "200"));
        }
        for (String each : calls) {
            assertThat(program.answerTo(each)).startsWith("ok ");
        }
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun))
                .as("one after the other")
                .isGreaterThanOrEqualTo(2 * SLOW_MILLIS + 200L * waiters);
        assertThat(arrived.getAsInt()).isEqualTo(before + 1 + waiters);
    }

    private static void haveStatementsWait(Jvm program) {
        String sleep = "sql " + Postgres.url() + " select pg_sleep(0.7)";
        long begun = System.nanoTime();
        for (String each : List.of(program.begin(sleep), program.begin(sleep))) {
            assertThat(program.answerTo(each)).startsWith("ok ");
        }
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun)).isGreaterThanOrEqualTo(1_400);
    }

    private static void drains(Jvm program, RawHttpServer server) {
        int before = server.requests().size();
        String first = program.begin("http " + server.url("/slow/" + 2 * SLOW_MILLIS));
        Awaitility.await().until(() -> server.requests().size() == before + 1);
        String waiting = program.begin("http " + server.url("/slow/1"));
        program.signal("TERM");
        assertThat(program.answerTo(waiting)).contains("draining (104)");
        assertThat(program.answerTo(first)).startsWith("ok ");
        assertThat(program.awaitExit()).isEqualTo(143);
        assertThat(program.errors()).noneMatch(line -> line.contains("fault at"));
    }
}
