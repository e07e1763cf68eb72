package dev.resilience.it;

import static dev.resilience.it.Phases.CALLS;
import static dev.resilience.it.Phases.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An answer that stops half-way is cut after {@code stall-after}, of HTTP, gRPC and JDBC, from servers that drip, close
 * half of a connection, or are stopped by a signal; what goes on, or waits for its reader, is not; and three in a row open
 * the circuit.
 */
@Tag("waiting")
class ReadStallIT {
    private static final String CUT = "resilience:_call_cut:_read_stall_(100):_nothing_more_of_its_answer_for_600ms";
    private static final String HTTP_CUT = "HttpTimeoutException_" + CUT;
    private static final String GRPC_CUT = "StatusRuntimeException_DEADLINE_EXCEEDED:_" + CUT;
    private static final long MICROS = 600_000;
    private static final String[] POLICY = {
        "mode=enforce", "defaults.breaker.strategy=off", "defaults.deadline=none", "defaults.stall-after=600ms"
    };
    private static final String[] BODIES = {"string", "stream", "lines", "publisher"};

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    private static Phases http(Path jdk, String url, String... versions) {
        Jvm program = Jvm.with(jdk).agent(POLICY).start("dev.resilience.apps.HttpPhases");
        program.awaitLine("ready");
        for (String version : versions) {
            eventually(
                    "first calls",
                    () -> program.call("send " + version + " stream 2 " + url).contains("*2 "));
            program.call("async " + version + " stream " + CALLS + " " + url);
        }
        return new Phases(program, "HTTP", jdk);
    }

    private static Jvm trickle(Path jdk) {
        return Jvm.with(jdk).start("dev.resilience.apps.Trickle");
    }

    private static String url(Jvm trickle, String path) {
        return "http://127.0.0.1:" + trickle.awaitLine("port ").substring(5) + path;
    }

    @Nested
    class OfHttp {
        static Stream<Path> jdks() {
            return Jdks.all().stream();
        }

        /** A byte a second: each gap is longer than it may be. */
        @ParameterizedTest(name = "{0}")
        @MethodSource("jdks")
        void aBodyThatDripsTooSlowly(Path jdk) {
            try (StallingServer server = new StallingServer()) {
                String url = "http://127.0.0.1:" + server.port();
                Phases phases = http(jdk, url + "/ok", "1");
                for (String body : BODIES) {
                    phases.areCut("drip, " + body, HTTP_CUT, MICROS, bursts("1", body, url + "/drip"));
                }
                eventually("connections ended", () -> server.hanging() == 0);
                phases.answers("200_done", "send 1 string 1 " + url + "/ok");
                phases.endWithNothingLeft();
            }
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("jdks")
        void aBodyOrItsEndThatDoesNotComeOnHttp2(Path jdk) {
            try (Http2Server server = new Http2Server()) {
                String url = "http://127.0.0.1:" + server.port();
                Phases phases = http(jdk, url + "/status/200", "2");
                int ended = server.ended();
                phases.areCut("body, HTTP/2", HTTP_CUT, MICROS, bursts("2", "string", url + "/head"));
                phases.areCut("body, HTTP/2", HTTP_CUT, MICROS, bursts("2", "stream", url + "/head"));
                phases.areCut("end, HTTP/2", HTTP_CUT, MICROS, bursts("2", "string", url + "/no-end"));
                phases.areCut("end, HTTP/2", HTTP_CUT, MICROS, bursts("2", "publisher", url + "/no-end"));
                eventually("streams ended", () -> server.ended() == ended + 8 * CALLS);
                phases.endWithNothingLeft();
            }
        }

        /** The server hears nothing any more and says nothing more. One that speaks no more is seen at once. */
        @ParameterizedTest(name = "{0}")
        @MethodSource("jdks")
        void aSocketOfWhichOneHalfIsClosed(Path jdk) {
            try (StallingServer server = new StallingServer()) {
                String url = "http://127.0.0.1:" + server.port();
                Phases phases = http(jdk, url + "/ok", "1");
                for (String body : BODIES) {
                    phases.areCut("deaf, " + body, HTTP_CUT, MICROS, bursts("1", body, url + "/deaf"));
                }
                server.read();
                String answer = phases.program().call("send 1 string " + CALLS + " " + url + "/half");
                assertThat(answer).matches("EOFException_[^,]+\\*" + CALLS + " .*");
                phases.answers("200_done", "send 1 string 1 " + url + "/ok");
                phases.endWithNothingLeft();
            }
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("jdks")
        void aServerThatIsStopped(Path jdk) {
            try (Jvm server = trickle(jdk)) {
                Phases phases = http(jdk, url(server, "/pieces/1/0"), "1");
                List<String> ids = new ArrayList<>();
                for (String body : BODIES) {
                    ids.add(phases.program().begin("send 1 " + body + " 5 " + url(server, "/pieces/1000/50")));
                    ids.add(phases.program().begin("async 1 " + body + " 5 " + url(server, "/pieces/1000/50")));
                }
                pause(1_500);
                server.signal("STOP");
                long stopped = System.nanoTime();
                for (String id : ids) {
                    assertThat(phases.program().answerTo(id))
                            .startsWith(HTTP_CUT)
                            .contains("*5 ");
                }
                System.out.printf(
                        "ReadStallIT, a server that is stopped, JDK %d: all cut after %d ms%n",
                        Jdks.releaseOf(jdk), (System.nanoTime() - stopped) / 1_000_000);
                server.signal("CONT");
                phases.answers("read_13", "send 1 stream 1 " + url(server, "/pieces/1/0"));
                phases.endWithNothingLeft();
            }
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("jdks")
        void whatGoesOnAndWhatWaitsForItsReaderIsNotCut(Path jdk) {
            try (Jvm server = trickle(jdk)) {
                Phases phases = http(jdk, url(server, "/pieces/1/0"), "1");
                String ten = url(server, "/pieces/20/150");
                List<String> ids = new ArrayList<>();
                for (String burst : new String[] {
                    "send 1 string 5 " + ten,
                    "async 1 stream 5 " + ten,
                    "send 1 lines 5 " + ten,
                    "async 1 publisher 5 " + ten,
                    "send 1 slowly 5 " + url(server, "/pieces/3/0")
                }) {
                    ids.add(phases.program().begin(burst));
                }
                String[] endings = {"200_data", "read_260*5 ", "lines_40*5 ", "pieces_", "read_39*5 "};
                for (int i = 0; i < endings.length; i++) {
                    assertThat(phases.program().answerTo(ids.get(i)))
                            .startsWith(endings[i])
                            .doesNotContain("read_stall");
                }
                phases.program().close();
            }
        }
    }

    private static String[] bursts(String version, String body, String url) {
        return new String[] {
            "send " + version + " " + body + " " + CALLS + " " + url,
            "async " + version + " " + body + " " + CALLS + " " + url
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aStreamOfGrpcThatStopsHalfWay(Path jdk) {
        try (StallingService server = new StallingService();
                Jvm stopped = Jvm.with(jdk).echoServer()) {
            Jvm program = Jvm.with(jdk).agent(POLICY).start("dev.resilience.apps.GrpcPhases");
            program.awaitLine("ready");
            String target = "127.0.0.1:" + stopped.awaitLine("port ").substring(5);
            for (String kind : new String[] {"list", "list-async"}) {
                eventually(
                        "first calls",
                        () -> program.call(kind + " plain 5 " + server.target() + " done 1 0")
                                .startsWith("messages_1*5 "));
                eventually(
                        "first calls",
                        () -> program.call(kind + " plain 5 " + target + " a").startsWith("messages_1*5 "));
            }
            Phases phases = new Phases(program, "gRPC", jdk);
            int cancelled = server.cancelled();
            phases.areCut(
                    "stream, half-way",
                    GRPC_CUT,
                    20_000 + MICROS,
                    "list plain " + CALLS + " " + server.target() + " items 3 10",
                    "list-async plain " + CALLS + " " + server.target() + " items 3 10");
            eventually(
                    "streams cancelled",
                    () -> server.open() == 0 && server.cancelled() - cancelled >= 2 * CALLS * 9 / 10);

            String words = "slow 100,".repeat(100) + "end";
            List<String> ids = List.of(
                    program.begin("list plain 3 " + target + " " + words),
                    program.begin("list-async plain 3 " + target + " " + words));
            pause(1_000);
            stopped.signal("STOP");
            for (String id : ids) {
                assertThat(program.answerTo(id)).startsWith(GRPC_CUT).contains("*3 ");
            }
            stopped.signal("CONT");
            phases.answers("messages_1", "list plain 1 " + target + " a");

            for (String burst : new String[] {
                "list plain 5 %s done 10 100", "list slow 5 %s done 3 0", "list-paused plain 5 %s done 3 0"
            }) {
                assertThat(program.call(String.format(burst, server.target()))).matches("messages_(3|10)\\*5 .*");
            }
            phases.endWithNothingLeft();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aResultWhoseServerIsStopped(Path jdk) throws Exception {
        try (Jvm program = Jvm.with(jdk).agent(POLICY).caller()) {
            assertThat(program.call("fetch " + Postgres.url() + " select generate_series(1, 25)"))
                    .endsWith("25 rows");
            String running =
                    "select pg_sleep(0.005), 'stopped on " + jdk.getFileName() + "' from generate_series(1, 10000)";
            String id = program.begin("fetch " + Postgres.url() + " " + running);
            String backend = "select coalesce(max(pid), 0) from pg_stat_activity where pid <> pg_backend_pid()"
                    + " and query like '%stopped on " + jdk.getFileName() + "%'";
            eventually("a statement that runs", () -> Postgres.count(backend) != 0);
            int pid = Postgres.count(backend);
            pause(2_000); // so that it is a fetch that is stopped, and not the statement
            signal("STOP", pid);
            try {
                String answer = program.answerTo(id);
                System.out.println(
                        "ReadStallIT, a backend that is stopped, JDK " + Jdks.releaseOf(jdk) + ": " + answer);
                assertThat(answer)
                        .startsWith("failed ")
                        .contains("resilience: call cut: read_stall (100): nothing more of its answer for 600ms")
                        .contains("[08006]");
            } finally {
                signal("CONT", pid);
            }
            assertThat(program.call("fetch " + Postgres.url() + " select generate_series(1, 25)"))
                    .endsWith("25 rows");
            // one that is merely slow is cancelled
            assertThat(program.call("fetch " + Postgres.url()
                            + " select case when i > 25 then pg_sleep(1) end from generate_series(1, 40) i"))
                    .contains("read_stall (100)");
            // a statement is no read
            assertThat(program.call("kept " + Postgres.url() + " select pg_sleep(1.5)"))
                    .startsWith("ok");
        }
    }

    private static void signal(String name, long pid) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void threeInARowOpenTheCircuitAndSaySo(Path jdk) throws IOException {
        Path recording = directory.resolve("recording.jfr");
        try (OtlpReceiver receiver = new OtlpReceiver();
                RawHttpServer http = new RawHttpServer();
                EchoFixture grpc = new EchoFixture();
                Jvm program = Jvm.with(jdk)
                        .agent(
                                "mode=enforce",
                                "defaults.deadline=none",
                                "defaults.stall-after=300ms",
                                "defaults.breaker.strategy=consecutive",
                                "defaults.breaker.consecutive-failures=100",
                                "defaults.breaker.open-for=10m")
                        .option("-Dotel.exporter.otlp.endpoint=" + receiver.url())
                        .option("-XX:StartFlightRecording:settings=default,filename=" + recording + ",dumponexit=true")
                        .option("-Xlog:jfr+startup=error")
                        .caller()) {
            String slow = "fetch " + Postgres.url()
                    + " select case when i > 25 then pg_sleep(1) end from generate_series(1, 40) i";
            assertThat(program.call("http " + http.url("/status/200"))).startsWith("ok");
            assertThat(program.call("grpc-list " + grpc.target() + " a,b")).startsWith("ok");
            for (int i = 0; i < 3; i++) {
                assertThat(program.call((i == 1 ? "http " : "http-stream ") + http.url("/half")))
                        .contains("read_stall (100)");
                assertThat(program.call("grpc-list " + grpc.target() + " a,b,hang"))
                        .contains("read_stall (100)");
                assertThat(program.call(slow)).contains("read_stall (100)");
            }
            for (String call :
                    new String[] {"http " + http.url("/status/200"), "grpc-list " + grpc.target() + " a,b", slow}) {
                assertThat(program.call(call)).contains("circuit_open (102)").contains(", read stalls=3 in a row");
            }
            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> count(receiver, "resilience.reason", "read_stall") == 9
                            && count(receiver, "resilience.reason", "circuit_open") == 3);
            assertThat(receiver.spans())
                    .filteredOn(span -> "read_stall".equals(span.attributes().get("resilience.reason")))
                    .allSatisfy(span -> {
                        assertThat(span.attributes())
                                .containsEntry("resilience.decision", "timed_out")
                                .containsEntry("resilience.cause_code", 100L)
                                .containsEntry("resilience.followed_from", "policy_stall_after")
                                .containsEntry("resilience.followed_from_why", "300ms");
                        assertThat(span.status()).isEqualTo("ERROR");
                    });
            assertThat(receiver.spans())
                    .anySatisfy(
                            span -> assertThat(span.events("CIRCUIT_OPENED")).isNotEmpty());
            assertThat(program.errors()).noneMatch(line -> line.contains("resilience: fault"));
            assertThat(program.finish()).isZero();
        }
        List<RecordedEvent> stalls = RecordingFile.readAllEvents(recording).stream()
                .filter(event -> event.getEventType().getName().equals("resilience.Decision"))
                .filter(event -> "read_stall".equals(event.getString("reason")))
                .toList();
        assertThat(stalls).hasSize(9);
        assertThat(stalls)
                .allSatisfy(event -> assertThat(event.getInt("causeCode")).isEqualTo(100));
    }

    /** Each probe is answered, which is what those were too that opened it: only a body that comes to its end closes it. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void theCircuitStaysOpenUntilABodyComesToItsEnd(Path jdk) {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = Jvm.with(jdk)
                        .agent("mode=enforce", "defaults.deadline=none", "defaults.stall-after=300ms")
                        .caller()) {
            assertThat(program.call("http " + server.url("/status/200"))).startsWith("ok");
            for (int i = 0; i < 3; i++) {
                assertThat(program.call("http-stream " + server.url("/half"))).contains("read_stall (100)");
            }
            int made = 0;
            int cut = 0;
            for (long end = System.nanoTime() + 5_000_000_000L; System.nanoTime() < end; made++) {
                cut += program.call("http-stream " + server.url("/half")).contains("read_stall") ? 1 : 0;
                pause(10);
            }
            System.out.printf(
                    "ReadStallIT, a target all of whose bodies stop, JDK %d: of %d calls in 5 s %d were made, the others refused%n",
                    Jdks.releaseOf(jdk), made, cut);
            assertThat(made - cut).as("refused").isGreaterThan(3 * cut);
            eventually(
                    "closed again",
                    () -> program.call("http-stream " + server.url("/status/200"))
                            .startsWith("ok"));
        }
    }

    private static long count(OtlpReceiver receiver, String key, String value) {
        return receiver.spans().stream()
                .filter(span -> value.equals(span.attributes().get(key)))
                .count();
    }

    /** Enforced, and nothing else said. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aBodyOfKnownLengthIsCutByWhatOthersNeededAndOneThatMayPauseIsNot(Path jdk) {
        try (RawHttpServer server = new RawHttpServer();
                Jvm trickle = trickle(jdk);
                Jvm program = Jvm.with(jdk).agent("mode=enforce").caller()) {
            for (String url : new String[] {server.url("/status/200"), url(trickle, "/pieces/1/0")}) {
                for (int i = 0; i < 105; i++) {
                    assertThat(program.call("http-stream " + url)).startsWith("ok");
                }
            }
            assertThat(program.call("http-stream " + server.url("/drip/4"))).startsWith("ok");
            String cut = program.call("http-stream " + server.url("/half"));
            assertThat(cut).contains("read_stall (100)").contains("followed from the adaptive stall after (p99=");
            assertThat(Long.parseLong(cut.split(" ", 3)[1])).isBetween(1_000_000L, 5_000_000L);

            for (String mayPause : new String[] {"/events/2/2500", "/pieces/2/2500"}) {
                assertThat(program.call("http-stream " + url(trickle, mayPause)))
                        .startsWith("ok");
            }
        }
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
