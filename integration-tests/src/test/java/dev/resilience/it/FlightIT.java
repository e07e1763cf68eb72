package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decisions in a recording of the flight recorder, under the ids that exceptions and spans have. */
@Tag("waiting")
class FlightIT {
    private static final String[] POLICY = {
        "mode=enforce",
        "defaults.deadline=none",
        "defaults.breaker.strategy=consecutive",
        "defaults.breaker.consecutive-failures=1",
        "defaults.breaker.open-for=10m",
    };

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    private Jvm.Setup recording(Jvm.Setup setup) {
        return setup.option("-XX:StartFlightRecording:settings=default,filename=" + file() + ",dumponexit=true")
                .option("-Xlog:jfr+startup=error");
    }

    private Path file() {
        return directory.resolve("recording.jfr");
    }

    private List<RecordedEvent> recorded(String kind) throws IOException {
        return RecordingFile.readAllEvents(file()).stream()
                .filter(event -> event.getEventType().getName().equals("resilience." + kind))
                .sorted(Comparator.comparing(RecordedEvent::getStartTime)) // threads write beside one another
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aRecordingHasTheWholeChainWhereNobodyTraces(Path jdk) throws IOException {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = recording(Jvm.with(jdk).agent(POLICY).option("-Dresilience.defaults.deadline=300ms"))
                        .caller()) {
            String cut = program.call("http " + server.url("/hang"));
            String refused = program.call("http " + server.url("/hang"));
            assertThat(cut).contains("deadline_exhausted (100)");
            assertThat(refused).contains("circuit_open (102)");
            assertThat(program.finish()).isZero();
            assertThat(program.errors()).allMatch(line -> line.startsWith(Jvm.LEAK));

            RecordedEvent opened = recorded("Transition").get(0);
            assertThat(opened.getString("state")).isEqualTo("OPEN");
            List<RecordedEvent> decisions = recorded("Decision");
            assertThat(decisions).hasSize(2);
            RecordedEvent timedOut = decisions.get(0);
            assertThat(cut).contains(", decision " + timedOut.getString("decisionId") + ", after ");
            assertThat(timedOut.getInt("causeCode")).isEqualTo(100);
            assertThat(timedOut.getString("followedFrom")).isEqualTo("policy_deadline");
            assertThat(timedOut.getDuration("elapsed")).isBetween(Duration.ofMillis(300), Duration.ofSeconds(20));
            RecordedEvent rejected = decisions.get(1);
            assertThat(refused)
                    .contains(", decision " + rejected.getString("decisionId") + ", followed from decision "
                            + opened.getString("decisionId") + " that opened the circuit at "
                            + rejected.getString("followedFromTime"));
            assertThat(rejected.getString("followedFromId")).isEqualTo(opened.getString("decisionId"));
            assertThat(rejected.getString("traceId")).isNull();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aRecordingHasTheCodeOfEachRefusal(Path jdk) throws IOException {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = recording(Jvm.with(jdk)
                                .agent(
                                        "mode=enforce",
                                        "drain=2s",
                                        "defaults.deadline=none",
                                        "defaults.breaker.strategy=off",
                                        "policies.rated.match.path=/status/*",
                                        "policies.rated.limit.rate=1/m",
                                        "policies.rated.limit.burst=1",
                                        "policies.placed.match.path=/hang",
                                        "policies.placed.limit.concurrency=1"))
                        .caller()) {
            assertThat(program.call("http " + server.url("/status/200"))).startsWith("ok ");
            List<String> refused = new ArrayList<>();
            refused.add(program.call("http " + server.url("/status/200")));
            program.begin("http " + server.url("/hang"));
            Awaitility.await().until(() -> {
                String second =
                        program.answerWithin(Duration.ofSeconds(2), program.begin("http " + server.url("/hang")));
                return second != null && refused.add(second);
            });
            program.signal("TERM");
            Awaitility.await().until(() -> {
                String late = program.call("http " + server.url("/missing"));
                return late.contains("draining") && refused.add(late);
            });
            assertThat(program.awaitExit()).isEqualTo(143);
            assertThat(refused.get(0)).contains("rate_limited (101)");
            assertThat(refused.get(1)).contains("concurrency_limit (103)");
            assertThat(refused.get(2)).contains("draining (104)");
            for (String each : refused) {
                int code = Integer.parseInt(each.replaceFirst("(?s).*?\\((10[0-9])\\).*", "$1"));
                assertThat(recorded("Decision"))
                        .filteredOn(event -> each.contains("decision " + event.getString("decisionId")))
                        .singleElement()
                        .satisfies(
                                event -> assertThat(event.getInt("causeCode")).isEqualTo(code));
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aRecordingNamesTheTracesOfTheApplication(Path jdk) throws IOException {
        try (OtlpReceiver receiver = new OtlpReceiver();
                Shop shop = new Shop()) {
            shop.openTraced(recording(Shop.guarded(Jvm.with(jdk))), "shop", receiver.url());
            shop.order();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(40))
                    .until(() -> receiver.spans().stream().anyMatch(SpansIT::isOrder));
            List<SeenSpan> spans =
                    receiver.spans().stream().filter(SpansIT::isOrder).toList();
            SeenSpan.Decision refused = shop.refused(spans);
            SeenSpan.Decision timedOut = shop.timedOut(spans);
            assertThat(refused.facts())
                    .containsEntry("resilience.followed_from", "circuit_opened")
                    .containsKeys("resilience.followed_from_id", "resilience.followed_from_time");
            assertThat(timedOut.facts())
                    .containsEntry("resilience.followed_from", "policy_deadline")
                    .containsEntry("resilience.followed_from_why", "600ms");
            assertThat((Double) timedOut.facts().get("resilience.elapsed.ms")).isBetween(584.0, 6_000.0);
            assertThat(shop.told()).contains(", trace " + refused.span().trace() + ", followed from decision ");

            assertThat(shop.program().finish()).isZero();
            for (SeenSpan.Decision each : List.of(refused, timedOut)) {
                assertThat(recorded("Decision"))
                        .filteredOn(event -> event.getString("decisionId")
                                .equals(each.facts().get("resilience.decision_id")))
                        .singleElement()
                        .satisfies(event -> assertThat(event.getString("traceId"))
                                .isEqualTo(each.span().trace()));
            }
            assertThat(recorded("Transition").stream().map(event -> event.getString("decisionId")))
                    .contains((String) refused.facts().get("resilience.followed_from_id"));
            assertThat(recorded("Decision").toString()).doesNotContain(Shop.SECRET);
        }
    }

    /** A function of the application's own, within its database, which no cancel ends. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void workThatGoesOnIsOnItsSpanAndInTheRecording(Path jdk) throws IOException {
        try (OtlpReceiver receiver = new OtlpReceiver();
                Jvm program = recording(Jvm.with(jdk)
                                .agent("mode=enforce", "defaults.breaker.strategy=off", "defaults.deadline=300ms"))
                        .option("-Dotel.exporter.otlp.endpoint=" + receiver.url())
                        .caller()) {
            assertThat(LeakIT.nap(program, 3_000)).startsWith("ok ");
            Awaitility.await()
                    .atMost(Duration.ofSeconds(40))
                    .until(() -> receiver.spans().stream()
                            .flatMap(span -> span.events("RESILIENCE_LEAK").stream())
                            .anyMatch(event -> event.attributes().containsValue("jdbc:h2:mem:leaks")));
            assertThat(program.finish()).isZero();

            RecordedEvent recorded = recorded("Leak").stream()
                    .filter(event -> event.getString("stack").contains("sleep"))
                    .findFirst()
                    .orElseThrow();
            assertThat(recorded.getString("target")).isEqualTo("jdbc:h2:mem:leaks");
            assertThat(recorded.getString("site")).startsWith("org.h2.");
            assertThat(recorded.getString("worker")).isEqualTo("main");
            assertThat(recorded.getString("workerState")).isEqualTo("TIMED_WAITING");
            assertThat(recorded.getDuration("elapsed")).isBetween(Duration.ofMillis(340), Duration.ofSeconds(4));
            SeenSpan span = receiver.spans().stream()
                    .filter(each -> each.trace().equals(recorded.getString("traceId")))
                    .findFirst()
                    .orElseThrow();
            assertThat(span.events("RESILIENCE_LEAK"))
                    .singleElement()
                    .satisfies(event -> assertThat(event.attributes())
                            .containsEntry("resilience.decision_id", recorded.getString("decisionId"))
                            .containsEntry("resilience.leak.site", recorded.getString("site"))
                            .containsEntry("resilience.leak.thread", "main")
                            .containsEntry("resilience.leak.thread_state", "TIMED_WAITING"));
        }
    }

    /** Of what the recorder has, only the class that is asked whether it runs, and that once a call was made. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void withoutARecordingNothingOfTheRecorderIsLoaded(Path jdk) throws IOException {
        Path log = directory.resolve("loaded");
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = Jvm.with(jdk)
                        .agent(POLICY)
                        .option("-Xlog:class+load:file=" + log)
                        .caller()) {
            assertThat(loaded(log)).as("at start").isEmpty();
            assertThat(program.call("http " + server.url("/status/503"))).startsWith("ok ");
            assertThat(program.call("http " + server.url("/status/503"))).contains("circuit_open (102)");
            assertThat(program.finish()).isZero();
        }
        assertThat(loaded(log)).as("after a refusal").hasSizeLessThan(5);
        System.out.println("loaded of the flight recorder, JDK " + Jdks.releaseOf(jdk) + ": " + loaded(log));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aJvmWithoutTheRecorderGuardsAllTheSame(Path jdk) {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = Jvm.with(jdk)
                        .agent(POLICY)
                        .option("--limit-modules=java.instrument,java.net.http,java.sql,java.naming,jdk.unsupported")
                        .caller()) {
            assertThat(program.call("http " + server.url("/status/503"))).startsWith("ok ");
            assertThat(program.call("http " + server.url("/status/503"))).contains("circuit_open (102)");
            assertThat(program.finish()).isZero();
            assertThat(program.errors()).isEmpty();
        }
    }

    private static List<String> loaded(Path log) throws IOException {
        return Files.readAllLines(log).stream()
                .filter(line -> line.contains(" jdk.jfr."))
                .map(line -> line.replaceAll(".*] | source:.*", ""))
                .toList();
    }
}
