package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One user request of the program {@code Frontend}, in three plights: its HTTP service has failed and the breaker is
 * open, its query takes too long, its gRPC service has failed and a static answer stands in. Credentials, literals and
 * parameters all contain {@link #SECRET}.
 */
final class Shop implements AutoCloseable {
    static final String SECRET = "s3cr3t";

    private static final String[] POLICY = {
        "mode=enforce",
        "policies.prices.match.protocol=http",
        "policies.prices.match.path=/status/**",
        "policies.prices.breaker.strategy=consecutive",
        "policies.prices.breaker.open-for=10m",
        "policies.orders.match.protocol=jdbc",
        "policies.orders.deadline=600ms",
        "policies.orders.breaker.strategy=time-window",
        "policies.orders.breaker.minimum-calls=1000",
        "policies.stock.match.protocol=grpc",
        "policies.stock.breaker.strategy=consecutive",
        "policies.stock.breaker.open-for=10m",
        "policies.stock.fallback.static.body-base64="
                + Base64.getEncoder().encodeToString("rescued".getBytes(StandardCharsets.UTF_8)),
    };

    private final RawHttpServer prices = new RawHttpServer();
    private final EchoFixture stock = new EchoFixture();
    private final HttpClient user = HttpClient.newHttpClient();
    private @Nullable Jvm program;
    private String told = "";

    /** With our agent and these policies. */
    static Jvm.Setup guarded(Jvm.Setup setup) {
        return setup.agent(POLICY);
    }

    /** Starts it without telemetry of its own and brings it to the plights; unguarded, it only fails. */
    void open(Jvm.Setup setup, boolean guarded) {
        warm(setup.start("dev.resilience.apps.Frontend", arguments()), guarded);
    }

    /** The same with an OpenTelemetry SDK of its own. */
    void openTraced(Jvm.Setup setup, String service, String otlp) {
        String[] rest = arguments();
        warm(
                setup.libraries("otel")
                        .start(
                                "dev.resilience.apps.TracedFrontend",
                                service,
                                otlp,
                                rest[0],
                                rest[1],
                                rest[2],
                                rest[3],
                                rest[4]),
                true);
    }

    private String[] arguments() {
        return new String[] {
            prices.url("/status/200?key=" + SECRET + "-key"),
            Postgres.url() + "&password=" + SECRET + "-password",
            "select pg_sleep(2.5), '" + SECRET + "-literal'",
            stock.target(),
            SECRET + "-message"
        };
    }

    private void warm(Jvm started, boolean guarded) {
        program = started;
        prices.failing(true);
        stock.echo().failing(true);
        String said = "";
        for (int i = 0; i < 30 && !(i > 6 && said.contains("sql ok")); i++) {
            said = get(started, "/warm");
        }
        assertThat(said).contains("sql ok 1").contains(guarded ? "grpc ok rescued" : "grpc failed");
    }

    /** Makes the user request and checks what the user is told. */
    void order() {
        int before = prices.requests().size();
        told = get(program(), "/order");
        assertThat(told.lines())
                .satisfiesExactly(
                        http -> assertThat(http)
                                .startsWith("http failed java.io.IOException: ")
                                .contains("circuit_open (102)"),
                        sql -> assertThat(sql)
                                .startsWith("sql failed java.sql.SQL")
                                .contains("deadline_exhausted (100)"),
                        grpc -> assertThat(grpc).isEqualTo("grpc ok rescued"));
        assertThat(prices.requests()).hasSize(before);
    }

    /** Makes the user request where nothing guards it. */
    void orderUnguarded() {
        assertThat(get(program(), "/order"))
                .contains("http ok 503")
                .contains("sql ok")
                .contains("grpc failed");
    }

    Jvm program() {
        if (program == null) {
            throw new IllegalStateException("not opened");
        }
        return program;
    }

    /** What the user was told. */
    String told() {
        return told;
    }

    /** That each of the three calls was decided as it should be, as these spans tell it. */
    void assertDecisions(List<SeenSpan> spans) {
        assertThat(refused(spans).facts())
                .containsAllEntriesOf(facts("rejected", "circuit_open", 102L, "OPEN", "prices"))
                .containsEntry("resilience.target", prices.url(""));
        assertThat(timedOut(spans).facts())
                .containsAllEntriesOf(facts("timed_out", "deadline_exhausted", 100L, "CLOSED", "orders"))
                .containsEntry("resilience.target", "jdbc:postgresql://localhost:" + databasePort() + "/postgres")
                .containsKey("resilience.original_error.type");
        SeenSpan.Decision rescued = rescued(spans);
        assertThat(rescued.facts())
                .containsAllEntriesOf(facts("fallback", "circuit_open", 102L, "OPEN", "stock"))
                .containsEntry("fallback.invoked", true);
        assertThat((String) rescued.facts().get("resilience.target")).endsWith(stock.target());
        assertThat(rescued.span().events("FALLBACK_EXECUTED"))
                .anySatisfy(event -> assertThat(event.attributes())
                        .containsEntry("fallback.type", "static")
                        .containsKey("fallback.latency.ms"));
        assertThat(rescued.span().status()).isEqualTo("UNSET");
        assertThat(rescued.span().attributes())
                .containsEntry("fallback.type", "static")
                .containsEntry("resilience.decision", "fallback");
        for (SeenSpan.Decision each : List.of(refused(spans), timedOut(spans))) {
            assertThat(each.span().attributes())
                    .containsKeys(
                            "resilience.decision",
                            "resilience.reason",
                            "resilience.cause_code",
                            "resilience.mode",
                            "resilience.policy",
                            "resilience.target",
                            "circuit_breaker.state");
        }
    }

    /** Whether these spans tell of all three calls. */
    boolean isSeenOn(List<SeenSpan> spans) {
        return find(spans, "prices", "rejected").isPresent()
                && find(spans, "orders", "timed_out").isPresent()
                && find(spans, "stock", "fallback").isPresent();
    }

    SeenSpan.Decision refused(List<SeenSpan> spans) {
        return decision(spans, "prices", "rejected");
    }

    SeenSpan.Decision timedOut(List<SeenSpan> spans) {
        return decision(spans, "orders", "timed_out");
    }

    SeenSpan.Decision rescued(List<SeenSpan> spans) {
        return decision(spans, "stock", "fallback");
    }

    private SeenSpan.Decision decision(List<SeenSpan> spans, String policy, String decision) {
        return find(spans, policy, decision)
                .orElseThrow(
                        () -> new AssertionError("no " + decision + " by " + policy + " in\n" + SeenSpan.tree(spans)));
    }

    /** The decision with the id the user was told; for a rescue, of which the user was told none, that of a refusal. */
    private Optional<SeenSpan.Decision> find(List<SeenSpan> spans, String policy, String decision) {
        return SeenSpan.decisions(spans).stream()
                .filter(each -> policy.equals(each.facts().get("resilience.policy")))
                .filter(each -> decision.equals(each.facts().get("resilience.decision")))
                .filter(each -> each.facts().get("resilience.decision_id") instanceof String id
                        && (decision.equals("fallback")
                                ? each.facts().containsKey("resilience.reason")
                                : told.contains(id)))
                .findFirst();
    }

    private static Map<String, Object> facts(String decision, String reason, long code, String state, String policy) {
        return Map.of(
                "resilience.decision", decision,
                "resilience.reason", reason,
                "resilience.cause_code", code,
                "circuit_breaker.state", state,
                "resilience.policy", policy,
                "resilience.mode", "enforce");
    }

    private static int databasePort() {
        return Postgres.server().getPort();
    }

    private String get(Jvm started, String path) {
        String port = started.awaitLine("port ").substring(5);
        try {
            return user.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                    .timeout(Duration.ofSeconds(60))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException("errors: " + started.errors(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        if (program != null) {
            program.close();
        }
        stock.close();
        prices.close();
    }
}
