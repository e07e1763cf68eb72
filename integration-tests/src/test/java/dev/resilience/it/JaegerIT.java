package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One user request and what was decided on its three calls, read back from a real Jaeger. */
@Tag("unhurried")
class JaegerIT {
    @TempDir
    private static @Nullable Path directory;

    private static @Nullable Jaeger jaeger;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @BeforeAll
    static void start() {
        Optional<Path> binary = Jaeger.binary();
        if (binary.isEmpty()) {
            System.out.println(
                    "SKIPPED JaegerIT: no go on the PATH to build Jaeger with, and no -Dresilience.jaeger=PATH");
            Assumptions.abort("no Jaeger");
        }
        jaeger = new Jaeger(binary.orElseThrow(), directory().resolve("jaeger.log"));
    }

    @AfterAll
    static void stop() {
        if (jaeger != null) {
            jaeger.close();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void showsARequestTracedByTheOpenTelemetryAgent(Path jdk) {
        String service = service("otel-agent", jdk);
        try (Shop shop = new Shop()) {
            shop.open(SpansIT.openTelemetry(Shop.guarded(Jvm.with(jdk)), service, jaeger().otlp()), true);
            shop.order();
            List<SeenSpan> request = awaitRequest(service, 4);
            print(service, request);
            shop.assertDecisions(request);
            assertThat(SeenSpan.decisions(request))
                    .allSatisfy(each -> assertThat(each.span().kind()).isEqualTo("CLIENT"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void showsARequestTracedByTheApplication(Path jdk) {
        String service = service("own-sdk", jdk);
        try (Shop shop = new Shop()) {
            shop.openTraced(Shop.guarded(Jvm.with(jdk)), service, jaeger().otlp());
            shop.order();
            List<SeenSpan> request = awaitRequest(service, 1);
            print(service, request);
            shop.assertDecisions(request);
            assertThat(jaeger().raw(service)).doesNotContain(Shop.SECRET);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void showsTheCallsOfARequestNobodyTraces(Path jdk) {
        String service = service("untraced", jdk);
        try (Shop shop = new Shop()) {
            shop.open(
                    Shop.guarded(Jvm.with(jdk))
                            .option("-Dotel.exporter.otlp.endpoint=" + jaeger().otlp())
                            .option("-Dotel.service.name=" + service),
                    true);
            shop.order();
            eventually(() -> shop.isSeenOn(jaeger().spans(service)));
            List<SeenSpan> spans = jaeger().spans(service);
            print(
                    service,
                    List.of(
                            shop.refused(spans).span(),
                            shop.timedOut(spans).span(),
                            shop.rescued(spans).span()));
            shop.assertDecisions(spans);
            assertThat(jaeger().raw(service)).doesNotContain(Shop.SECRET);
        }
    }

    private static List<SeenSpan> awaitRequest(String service, int spans) {
        eventually(() -> request(service).size() >= spans);
        return request(service);
    }

    private static List<SeenSpan> request(String service) {
        List<SeenSpan> all = jaeger().spans(service);
        return all.stream()
                .filter(SpansIT::isOrder)
                .findFirst()
                .map(order -> all.stream()
                        .filter(span -> span.trace().equals(order.trace()))
                        .toList())
                .orElse(List.of());
    }

    private static void print(String service, List<SeenSpan> spans) {
        System.out.println("Jaeger shows of " + service + ":\n" + SeenSpan.tree(spans));
    }

    private static String service(String name, Path jdk) {
        return name + "-" + Jdks.releaseOf(jdk);
    }

    private static Jaeger jaeger() {
        if (jaeger == null) {
            throw new IllegalStateException("not started");
        }
        return jaeger;
    }

    private static Path directory() {
        if (directory == null) {
            throw new IllegalStateException("not made");
        }
        return directory;
    }

    private static void eventually(java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(200))
                .until(condition);
    }
}
