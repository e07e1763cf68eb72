package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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

/** Calls that fail are made again, where a policy says so, and no more of them than it says. */
@Tag("waiting")
class RetryIT {
    private static final int CALLS = 120;

    /** What the budget lends where there are few calls. */
    private static final int LENT = 3;

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    private static Jvm.Setup guarded(Path jdk, String... more) {
        List<String> properties = new ArrayList<>(List.of(
                "mode=enforce",
                "defaults.deadline=5s",
                "defaults.breaker.strategy=consecutive",
                "defaults.breaker.consecutive-failures=1000",
                "defaults.retry.attempts=2",
                "defaults.retry.methods=resilience.Echo/Say"));
        properties.addAll(List.of(more));
        return Jvm.with(jdk).agent(properties.toArray(String[]::new));
    }

    private static long millis(String answer) {
        return Long.parseLong(answer.split(" ", 3)[1]) / 1_000;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void answersByTheNextAttempt(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                EchoFixture stock = new EchoFixture();
                Jvm program = guarded(jdk, "defaults.retry.budget=100%", "defaults.stall-after=500ms")
                        .caller()) {
            for (int i = 0; i < 10; i++) {
                program.call("http " + shop.url("/status/200"));
                program.call("grpc " + stock.target() + " earning");
            }
            int before = shop.requests().size();
            assertThat(program.call("http " + shop.url("/then/503/200"))).endsWith("200 body of /then/503/200");
            assertThat(program.call("http-async " + shop.url("/then/502/200"))).endsWith("200 body of /then/502/200");
            assertThat(shop.requests()).hasSize(before + 4);
            // the client itself asks once more where a connection ends before anything came
            assertThat(program.call("http " + shop.url("/then/reset/reset/200")))
                    .contains("200 body of ");
            assertThat(shop.requests()).hasSize(before + 7);
            assertThat(program.call("http " + shop.url("/then/half/200"))).contains("200 body of ");
            assertThat(program.call("http-async " + shop.url("/then/half/200?async")))
                    .contains("200 body of ");
            assertThat(shop.requests()).hasSize(before + 11);
            assertThat(program.call("http-post " + shop.url("/then/503/200?post") + " text"))
                    .contains("503 body of ");
            assertThat(program.call("http-keyed " + shop.url("/then/503/200?keyed") + " text"))
                    .contains("200 body of ");
            for (String method : List.of("HEAD", "PUT", "DELETE", "OPTIONS")) {
                assertThat(program.call("http-request " + method + " " + shop.url("/then/503/200?" + method)))
                        .as(method)
                        .contains(" 200 ");
            }
            assertThat(program.call("http-request PATCH " + shop.url("/then/503/200?PATCH")))
                    .contains(" 503 body of ");
            assertThat(program.call("http " + shop.url("/then/404/200"))).contains("404 body of ");
            assertThat(program.call("http " + shop.url("/then/503/503/200?twice")))
                    .contains("503 body of ");
            String told = program.call("http " + shop.url("/then/503+1/200"));
            assertThat(told).contains("200 body of ");
            assertThat(millis(told)).isBetween(1_000L, 4_000L);
            assertThat(program.call("http " + shop.url("/then/503+20/200"))).contains("503 body of ");

            for (String kind : List.of("grpc", "grpc-future", "grpc-async")) {
                assertThat(program.call(kind + " " + stock.target() + " flaky 1 0 " + kind))
                        .startsWith("ok")
                        .contains("flaky 1 0 " + kind);
            }
            String pushed = program.call("grpc " + stock.target() + " flaky 1 900");
            assertThat(pushed).startsWith("ok");
            assertThat(millis(pushed)).isBetween(900L, 4_000L);
            int calls = stock.echo().calls();
            assertThat(program.call("grpc " + stock.target() + " flaky 1 -1")).contains("UNAVAILABLE: flaky");
            assertThat(program.call("grpc " + stock.target() + " fail NOT_FOUND"))
                    .contains("NOT_FOUND");
            assertThat(stock.echo().calls()).isEqualTo(calls + 2);
            assertThat(program.finish()).isZero();
            assertThat(program.errors()).noneMatch(line -> line.contains("resilience: fault"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void keepsTheDeadlineOfTheCall(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                EchoFixture stock = new EchoFixture();
                Jvm program = guarded(jdk)
                        .option("-Dresilience.defaults.deadline=1500ms")
                        .caller()) {
            program.call("http " + shop.url("/status/200"));
            program.call("grpc " + stock.target() + " hello");
            for (String kind : List.of("http", "http-async")) {
                String cut = program.call(kind + " " + shop.url("/then/503/hang?" + kind));
                assertThat(cut).contains("HttpTimeoutException").contains("deadline_exhausted (100)");
                assertThat(millis(cut)).isBetween(1_490L, 5_000L);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void addsATenthToTheLoadOfADeadServerAtMost(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                EchoFixture stock = new EchoFixture();
                Jvm program = guarded(jdk, "defaults.retry.budget=10%", "defaults.retry.backoff=1ms")
                        .caller()) {
            stock.echo().failing(true);
            for (int i = 0; i < CALLS; i++) {
                assertThat(program.call("http " + shop.url("/status/503?" + i))).contains("503 body of ");
                assertThat(program.call("grpc " + stock.target() + " hello " + i))
                        .contains("UNAVAILABLE");
            }
            int most = CALLS + CALLS / 10 + LENT;
            assertThat(shop.requests()).hasSizeBetween(CALLS + CALLS / 20, most);
            assertThat(stock.echo().calls()).isBetween(CALLS + CALLS / 20, most);
            System.out.printf(
                    "retries, JDK %d: %d calls of a dead server made %d requests of HTTP, %d of gRPC%n",
                    Jdks.releaseOf(jdk),
                    CALLS,
                    shop.requests().size(),
                    stock.echo().calls());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void leavesWhatTheBreakerRefuses(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                Jvm program = guarded(jdk, "defaults.retry.backoff=1m", "defaults.retry.max-backoff=1h")
                        .option("-Dresilience.defaults.breaker.consecutive-failures=3")
                        .caller()) {
            for (int i = 0; i < 3; i++) {
                program.call("http-post " + shop.url("/status/503") + " text");
            }
            for (String kind : List.of("http", "http-async")) {
                String refused = program.call(kind + " " + shop.url("/status/200"));
                assertThat(refused).contains("circuit_open (102)");
                assertThat(millis(refused)).isLessThan(20_000);
            }
            assertThat(shop.requests()).hasSize(3);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void saysWhatItDoesAndWhatTheApplicationDoes(Path jdk) throws IOException {
        Path file = directory.resolve("recording.jfr");
        try (RawHttpServer shop = new RawHttpServer();
                OtlpReceiver receiver = new OtlpReceiver();
                Jvm program = guarded(jdk)
                        .option("-Dotel.exporter.otlp.endpoint=" + receiver.url())
                        .option("-XX:StartFlightRecording:settings=default,filename=" + file + ",dumponexit=true")
                        .option("-Xlog:jfr+startup=error")
                        .caller()) {
            program.call("http " + shop.url("/then/503/200"));
            program.call("http-post " + shop.url("/then/503/200?own") + " "); // of one with a body nobody knows
            program.call("http-post " + shop.url("/then/503/200?own") + " "); // of one with a body nobody knows
            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> receiver.spans().size() >= 3);
            assertThat(program.finish()).isZero();

            assertThat(receiver.spans()).as("one for all attempts of a call").hasSize(3);
            assertThat(receiver.spans()).allSatisfy(span -> {
                assertThat(span.events("RESILIENCE_RETRY")).hasSize(1);
                assertThat(span.status()).isNotEqualTo("ERROR");
            });
            assertThat(receiver.spans().stream()
                            .map(span -> (String) span.attributes().get("resilience.retry.reason")))
                    .containsExactlyInAnyOrder("again", "not_idempotent", "again");
        }
        List<RecordedEvent> told = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("resilience.Retry"))
                .sorted(Comparator.comparing(RecordedEvent::getStartTime))
                .toList();
        assertThat(told.stream()
                        .map(event -> event.getInt("attempts") + " " + event.getString("by") + " "
                                + event.getString("reason") + " " + event.getString("ending")))
                .containsExactly("1 agent again 503", "1 agent not_idempotent 503", "1 application again 200");
        assertThat(told.get(0).getDuration("wait")).isLessThanOrEqualTo(java.time.Duration.ofMillis(10));
    }
}
