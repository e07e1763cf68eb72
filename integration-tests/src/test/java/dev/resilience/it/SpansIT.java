package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Decisions are seen on the spans of whoever traces: the OpenTelemetry agent, the application, else the agent itself. */
@Tag("unhurried")
class SpansIT {
    /** How many spans one user request has under the OpenTelemetry agent alone. */
    private static final Map<Path, Integer> BARE = new ConcurrentHashMap<>();

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    static Stream<Arguments> orders() {
        return Jdks.all().stream().flatMap(jdk -> Stream.of(Arguments.of(jdk, true), Arguments.of(jdk, false)));
    }

    @ParameterizedTest(name = "{0} ours first: {1}")
    @MethodSource("orders")
    void ofTheOpenTelemetryAgent(Path jdk, boolean oursFirst) {
        int expected = BARE.computeIfAbsent(jdk, SpansIT::spansWithoutUs);
        try (OtlpReceiver receiver = new OtlpReceiver();
                Shop shop = new Shop()) {
            Jvm.Setup setup = Jvm.with(jdk);
            if (oursFirst) {
                Shop.guarded(setup);
            }
            openTelemetry(setup, "shop", receiver.url());
            if (!oursFirst) {
                Shop.guarded(setup);
            }
            shop.open(setup, true);
            shop.order();
            List<SeenSpan> spans = request(receiver, expected);
            shop.assertDecisions(spans);

            assertThat(shop.refused(spans).span().kind()).isEqualTo("CLIENT");
            assertThat(shop.rescued(spans).span().kind()).isEqualTo("CLIENT");
            // the later agent is the outer one around a driver: then the span of the query is not begun yet
            assertThat(shop.timedOut(spans).span().kind()).isEqualTo(oursFirst ? "CLIENT" : "SERVER");

            assertThat(shop.program().finish()).isZero();
            assertThat(receiver.trace(spans.get(0).trace()))
                    .as("spans of the request:%n%s", SeenSpan.tree(spans))
                    .hasSize(expected);
            assertThat(receiver.spans())
                    .as("a second exporter")
                    .allSatisfy(span -> assertThat(span.resource())
                            .containsEntry("telemetry.distro.name", "opentelemetry-java-instrumentation")
                            .doesNotContainEntry("otel.scope.name", "dev.resilience"));
            assertThat(receiver.spans().stream().map(SeenSpan::id).distinct()).hasSameSizeAs(receiver.spans());
            assertThat(receiver.spans()).allSatisfy(SpansIT::assertNothingSecret);
            assertNoFault(shop.program());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void ofAnApplicationWithAnSdkOfItsOwn(Path jdk) {
        try (OtlpReceiver receiver = new OtlpReceiver();
                Shop shop = new Shop()) {
            shop.openTraced(Shop.guarded(Jvm.with(jdk)), "shop", receiver.url());
            shop.order();
            List<SeenSpan> spans = request(receiver, 1);
            shop.assertDecisions(spans);
            assertThat(spans).hasSize(1);

            assertThat(receiver.everything()).doesNotContain(Shop.SECRET);
            assertThat(receiver.spans())
                    .allSatisfy(span -> assertThat(span.resource()).containsEntry("otel.scope.name", "shop"));
            assertNoFault(shop.program());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void ofOursWhereNobodyTraces(Path jdk) {
        try (OtlpReceiver receiver = new OtlpReceiver();
                Shop shop = new Shop()) {
            shop.open(
                    Shop.guarded(Jvm.with(jdk))
                            .option("-Dotel.exporter.otlp.endpoint=" + receiver.url())
                            .option("-Dotel.service.name=front"),
                    true);
            shop.order();
            eventually(() -> shop.isSeenOn(receiver.spans()));
            List<SeenSpan> spans = receiver.spans();
            shop.assertDecisions(spans);

            assertThat(SeenSpan.decisions(spans))
                    .allSatisfy(each -> assertThat(each.span().kind()).isEqualTo("CLIENT"));
            assertThat(shop.refused(spans).span().status()).isEqualTo("ERROR");
            assertThat(shop.told())
                    .contains(", trace " + shop.refused(spans).span().trace());
            assertThat(shop.timedOut(spans).span().status()).isEqualTo("ERROR");
            assertThat(spans)
                    .anySatisfy(
                            span -> assertThat(span.events("CIRCUIT_OPENED")).isNotEmpty());
            assertThat(spans)
                    .allSatisfy(span -> assertThat(span.resource())
                            .containsEntry("service.name", "front")
                            .containsEntry("otel.scope.name", "dev.resilience"));
            assertThat(receiver.everything()).doesNotContain(Shop.SECRET);
            assertNoFault(shop.program());
        }
    }

    /** A guarded export would be cut after a millisecond, and its first failure would be its last call. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void ourOwnExportIsNeverGuarded(Path jdk) {
        try (OtlpReceiver receiver = new OtlpReceiver();
                RawHttpServer server = new RawHttpServer();
                Jvm program = Jvm.with(jdk)
                        .agent(
                                "mode=enforce",
                                "defaults.deadline=1ms",
                                "defaults.breaker.strategy=consecutive",
                                "defaults.breaker.consecutive-failures=1",
                                "defaults.breaker.open-for=10m")
                        .option("-Dotel.exporter.otlp.endpoint=" + receiver.url())
                        .caller()) {
            receiver.trouble(2, 200);
            assertThat(program.call("http " + server.url("/hang"))).startsWith("failed ");
            assertThat(program.call("http " + server.url("/hang"))).contains("circuit_open (102)");
            eventually(() -> SeenSpan.decisions(receiver.spans()).stream()
                    .anyMatch(each -> "circuit_open".equals(each.facts().get("resilience.reason"))));
            assertThat(receiver.requests()).as("refused, refused, taken").isGreaterThanOrEqualTo(3);
            assertThat(receiver.everything())
                    .as("the export's own target")
                    .doesNotContain("127.0.0.1:" + receiver.port());
            assertNoFault(program);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void withoutKeysNothingIsExportedAndNoSdkIsLoaded(Path jdk) throws IOException {
        assertThat(loadedAfterARefusal(jdk))
                .as("what of OpenTelemetry is loaded")
                .noneMatch(line -> line.contains("io.opentelemetry."));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void anExporterOfNoneExportsNothing(Path jdk) throws IOException {
        try (OtlpReceiver receiver = new OtlpReceiver()) {
            assertThat(loadedAfterARefusal(
                            jdk, "-Dotel.exporter.otlp.endpoint=" + receiver.url(), "-Dotel.traces.exporter=none"))
                    .noneMatch(line -> line.contains("io.opentelemetry."));
            assertThat(receiver.requests()).isZero();
        }
    }

    private List<String> loadedAfterARefusal(Path jdk, String... options) throws IOException {
        Path log = directory.resolve("loaded");
        Jvm.Setup setup = Jvm.with(jdk)
                .agent(
                        "mode=enforce",
                        "defaults.breaker.strategy=consecutive",
                        "defaults.breaker.consecutive-failures=1")
                .option("-Xlog:class+load:file=" + log);
        for (String option : options) {
            setup.option(option);
        }
        try (RawHttpServer server = new RawHttpServer();
                EchoFixture echo = new EchoFixture();
                Jvm program = setup.caller()) {
            assertThat(program.call("http " + server.url("/status/503"))).startsWith("ok ");
            assertThat(program.call("http " + server.url("/status/503"))).contains("circuit_open (102)");
            assertThat(program.call("grpc " + echo.target() + " fail UNAVAILABLE"))
                    .startsWith("failed ");
            assertThat(program.call("sql " + Postgres.url() + " select 1")).startsWith("ok ");
            assertThat(program.finish()).isZero();
            assertNoFault(program);
        }
        List<String> loaded = Files.readAllLines(log);
        assertThat(loaded).anyMatch(line -> line.contains("dev.resilience.agent.telemetry.OpenTelemetrySink"));
        return loaded;
    }

    private static int spansWithoutUs(Path jdk) {
        try (OtlpReceiver receiver = new OtlpReceiver();
                Shop shop = new Shop()) {
            shop.open(openTelemetry(Jvm.with(jdk), "shop", receiver.url()), false);
            shop.orderUnguarded();
            List<SeenSpan> spans = request(receiver, 4);
            assertThat(shop.program().finish()).isZero();
            return receiver.trace(spans.get(0).trace()).size();
        }
    }

    static Jvm.Setup openTelemetry(Jvm.Setup setup, String service, String otlp) {
        return setup.option("-javaagent:" + System.getProperty("resilience.otel.agent"))
                .option("-Dotel.service.name=" + service)
                .option("-Dotel.exporter.otlp.endpoint=" + otlp)
                .option("-Dotel.metrics.exporter=none")
                .option("-Dotel.logs.exporter=none")
                .option("-Dotel.bsp.schedule.delay=100");
    }

    /** The spans of the user request, once its own and at least so many in all are there. */
    private static List<SeenSpan> request(OtlpReceiver receiver, int atLeast) {
        eventually(() -> order(receiver).stream()
                .anyMatch(span -> receiver.trace(span.trace()).size() >= atLeast));
        return receiver.trace(order(receiver).get(0).trace());
    }

    private static List<SeenSpan> order(OtlpReceiver receiver) {
        return receiver.spans().stream().filter(SpansIT::isOrder).toList();
    }

    /** Whether this is the span of the user request. */
    static boolean isOrder(SeenSpan span) {
        return span.kind().equals("SERVER")
                && (span.name().equals("GET /order")
                        || "/order".equals(span.attributes().get("url.path")));
    }

    /** Nothing of ours is: what the OpenTelemetry agent itself says of a URL is its own affair. */
    private static void assertNothingSecret(SeenSpan span) {
        Map<String, Object> attributes = new TreeMap<>(span.attributes());
        attributes.remove("url.full");
        assertThat(attributes.toString()).doesNotContain(Shop.SECRET);
        assertThat(span.events().toString()).doesNotContain(Shop.SECRET);
        assertThat(span.name()).doesNotContain(Shop.SECRET);
    }

    private static void assertNoFault(Jvm program) {
        assertThat(program.errors()).noneMatch(line -> line.contains("fault at"));
    }

    private static void eventually(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(50))
                .until(condition);
    }
}
