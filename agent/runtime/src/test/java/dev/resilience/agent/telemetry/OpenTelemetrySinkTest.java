package dev.resilience.agent.telemetry;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.sun.management.ThreadMXBean;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.engine.BreakerState;
import dev.resilience.instrumentation.api.Reason;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.net.ConnectException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OpenTelemetrySinkTest {
    private static final Subject HTTP = new Subject("http", "http://payments.svc:8443", "payments", "enforce");
    private static final String KEY = "otel.exporter.otlp.endpoint";

    private final Kept kept = new Kept();
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final Map<String, String> properties = new HashMap<>();

    private OpenTelemetrySink sink() {
        return new OpenTelemetrySink(
                properties::get,
                name -> null,
                (name, task) -> {
                    Thread thread = new Thread(null, task, name, 0, false);
                    thread.setDaemon(true);
                    return thread;
                },
                nanos::get,
                InstantSource.fixed(Instant.ofEpochSecond(1_700_000_000, 123_456_789)),
                kept);
    }

    private static Signal.Decision decision(Verdict verdict, @Nullable Reason reason, BreakerState state) {
        boolean plain = reason == null;
        return new Signal.Decision(
                HTTP, verdict, reason, state, plain ? null : "d-7", plain ? null : "failures=12/20", null);
    }

    private static Signal.Decision admitted() {
        return decision(Verdict.ADMITTED, null, BreakerState.CLOSED);
    }

    private static Signal.Decision rejected() {
        return decision(Verdict.REJECTED, Reason.CIRCUIT_OPEN, BreakerState.OPEN);
    }

    private static Signal.FallbackExecuted fallback(@Nullable String failure) {
        return new Signal.FallbackExecuted(HTTP, "static", 1_234_567, failure, "java.net.ConnectException");
    }

    @Test
    void saysHowOldASnapshotIs() {
        assertThat(Facts.of(new Signal.FallbackExecuted(HTTP, "snapshot", 1_000_000, null, null, 61_500)))
                .containsEntry("fallback.type", "snapshot")
                .containsEntry("fallback.snapshot.age.ms", 61_500L);
        assertThat(Facts.of(fallback(null))).doesNotContainKey("fallback.snapshot.age.ms");
    }

    private static Trace opened(OpenTelemetrySink sink, Subject subject) {
        return requireNonNull(sink.open(subject), "nobody records");
    }

    @Nested
    class WithNobodyToTell {
        @Test
        void recordsNothingAndAllocatesNothing() throws IOException {
            OpenTelemetrySink sink = sink();
            try (ApplicationLoader application = new ApplicationLoader()) {
                application.run(true, () -> {});
                sink.apiSeen(application);
                ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
                for (int i = 0; i < 20_000; i++) {
                    assertThatNull(sink.open(HTTP));
                }

                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 100_000; i++) {
                    assertThatNull(sink.open(HTTP));
                }

                long bytes = threads.getCurrentThreadAllocatedBytes() - before;
                assertThat(bytes).as("bytes of 100,000 calls").isLessThan(1_000);
                assertThat(kept.faults).isEmpty();
            }
        }

        private void assertThatNull(@Nullable Trace trace) {
            if (trace != null) {
                throw new AssertionError("a trace out of nothing");
            }
        }

        @Test
        void exemptsNoEndpointAndClosesAtOnce() {
            OpenTelemetrySink sink = sink();

            sink.accept(new Signal.Transition(HTTP, BreakerState.CLOSED, BreakerState.OPEN, "failures=5/5"));
            sink.close();

            assertThat(sink.exemptEndpoint()).isNull();
            assertThat(kept.faults).isEmpty();
        }
    }

    @Nested
    class UnderASpanOfTheApplication {
        private final OpenTelemetrySink sink = sink();
        private final ApplicationLoader application = loader();

        private static ApplicationLoader loader() {
            try {
                return new ApplicationLoader();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @BeforeEach
        void seeIt() {
            sink.apiSeen(application);
            sink.apiSeen(application);
        }

        @AfterEach
        void close() throws IOException {
            application.close();
        }

        private Map<String, Object> call(Signal... signals) {
            return application.run(true, () -> {
                Trace trace = opened(sink, HTTP);
                for (Signal signal : signals) {
                    trace.accept(signal);
                }
                trace.close(new IOException("refused"));
            });
        }

        @Test
        void setsAttributesOnlyForAPlainAdmission() {
            assertThat(call(admitted()))
                    .containsOnly(
                            entry("resilience.decision", "admitted"),
                            entry("resilience.mode", "enforce"),
                            entry("resilience.policy", "payments"),
                            entry("resilience.target", "http://payments.svc:8443"),
                            entry("circuit_breaker.state", "CLOSED"),
                            entry("(events)", List.of()),
                            entry("(status)", "UNSET"));
            assertThat(kept.faults).isEmpty();
        }

        @Test
        void showsARefusalAsAttributesAndEvent() {
            Map<String, Object> facts = Map.ofEntries(
                    entry("resilience.decision", "rejected"),
                    entry("resilience.reason", "circuit_open"),
                    entry("resilience.cause_code", 102L),
                    entry("resilience.decision_id", "d-7"),
                    entry("resilience.mode", "enforce"),
                    entry("resilience.policy", "payments"),
                    entry("resilience.target", "http://payments.svc:8443"),
                    entry("resilience.counts", "failures=12/20"),
                    entry("circuit_breaker.state", "OPEN"),
                    entry("fallback.invoked", false));

            Map<String, Object> span = call(rejected());

            assertThat(span).containsAllEntriesOf(facts).containsEntry("(status)", "UNSET");
            assertThat(span.get("(event) RESILIENCE_DECISION")).isEqualTo(facts);
        }

        @Test
        void showsAProbeAsAnEvent() {
            assertThat(call(decision(Verdict.ADMITTED, null, BreakerState.HALF_OPEN))
                            .get("(events)"))
                    .isEqualTo(List.of("RESILIENCE_DECISION"));
        }

        @Test
        void showsAFallback() {
            Map<String, Object> span = call(rejected(), fallback(null));

            assertThat(span)
                    .containsEntry("fallback.invoked", true)
                    .containsEntry("fallback.type", "static")
                    .containsEntry("fallback.latency.ms", 1.235)
                    .containsEntry("resilience.original_error.type", "java.net.ConnectException")
                    .containsEntry("(status)", "UNSET");
            assertThat(span.get("(events)")).isEqualTo(List.of("RESILIENCE_DECISION", "FALLBACK_EXECUTED"));
        }

        @ParameterizedTest
        @EnumSource(BreakerState.class)
        void showsWhereABreakerWent(BreakerState to) {
            String name = Map.of(
                            BreakerState.OPEN, "CIRCUIT_OPENED",
                            BreakerState.HALF_OPEN, "CIRCUIT_HALF_OPENED",
                            BreakerState.CLOSED, "CIRCUIT_CLOSED")
                    .get(to);

            Map<String, Object> span = application.run(
                    true, () -> sink.accept(new Signal.Transition(HTTP, BreakerState.OPEN, to, "failures=5/5")));

            assertThat(span.get("(event) " + name))
                    .asInstanceOf(InstanceOfAssertFactories.MAP)
                    .containsEntry("resilience.counts", "failures=5/5")
                    .containsEntry("circuit_breaker.state", to.name())
                    .containsEntry("circuit_breaker.previous_state", "OPEN");
        }

        @Test
        void keepsTheRefusalWhenALaterCallUnderTheSameSpanIsAdmitted() {
            assertThat(call(rejected(), admitted())).containsEntry("resilience.decision", "rejected");
        }

        @Test
        void writesNothingWhenTheSpanDoesNotRecordEvenWithAnExporter() {
            properties.put(KEY, "http://127.0.0.1:1");
            OpenTelemetrySink exporting = sink();
            exporting.apiSeen(application);

            application.run(false, () -> assertThat(exporting.open(HTTP)).isNull());

            assertThat(kept.faults).isEmpty();
        }

        @Test
        void writesABoundedNumberOfEventsASecondAndSaysHowManyItLeftOut() {
            Map<String, Object> span = application.run(true, () -> {
                Trace trace = opened(sink, HTTP);
                for (int i = 0; i < OpenTelemetrySink.EVENTS_PER_SECOND + 7; i++) {
                    trace.accept(rejected());
                }
            });
            assertThat(span.get("(events)"))
                    .asInstanceOf(InstanceOfAssertFactories.LIST)
                    .hasSizeLessThanOrEqualTo(OpenTelemetrySink.EVENTS_PER_SECOND);

            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            assertThat(call(rejected()).get("(event) RESILIENCE_DECISION"))
                    .asInstanceOf(InstanceOfAssertFactories.MAP)
                    .containsEntry("resilience.events.dropped", 7L);
        }

        @Test
        void neverThrowsWhateverTheApplicationsCopyIs() {
            ClassLoader empty = new ClassLoader(null) {};
            sink.apiSeen(empty);

            try {
                assertThat(sink.open(HTTP)).isNull();
                assertThat(sink.open(HTTP)).isNull();
            } finally {
                Reference.reachabilityFence(empty);
            }
            assertThat(kept.faults).singleElement().asString().startsWith("telemetry/application-api");
        }
    }

    @Test
    void letsGoOfAnApplicationThatIsGone() throws Exception {
        OpenTelemetrySink sink = sink();
        WeakReference<ClassLoader> gone = useAndDrop(sink);

        for (int i = 0; i < 200 && gone.get() != null; i++) {
            System.gc();
            System.runFinalization();
            assertThat(sink.open(HTTP)).isNull();
        }

        assertThat(gone.get()).isNull();
    }

    private WeakReference<ClassLoader> useAndDrop(OpenTelemetrySink sink) throws IOException {
        try (ApplicationLoader application = new ApplicationLoader()) {
            sink.apiSeen(application);
            assertThat(application.run(true, () -> opened(sink, HTTP).accept(rejected())))
                    .containsEntry("resilience.decision", "rejected");
            return new WeakReference<>(application);
        }
    }

    @Nested
    class WithAnExporterOfOurOwn {
        private final OtlpReceiver receiver = receiver();
        private @Nullable OpenTelemetrySink opened;

        private static OtlpReceiver receiver() {
            try {
                return new OtlpReceiver();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        private OpenTelemetrySink exporting() {
            properties.put(KEY, receiver.url());
            properties.put("otel.service.name", "shop");
            OpenTelemetrySink sink = sink();
            opened = sink;
            return sink;
        }

        @AfterEach
        void close() {
            receiver.close();
            if (opened != null) {
                opened.close();
            }
        }

        private Span call(Subject subject, @Nullable Throwable thrown, Signal... signals) throws InterruptedException {
            Trace trace = opened(exporting(), subject);
            nanos.addAndGet(1_000_000);
            for (Signal signal : signals) {
                trace.accept(signal);
            }
            nanos.addAndGet(2_000_000);
            trace.close(thrown);
            return receiver.next();
        }

        private static Map<String, Object> attributes(Span span) {
            return OtlpReceiver.plain(span.getAttributesList());
        }

        @Test
        void sendsAClientSpanForARefusedCall() throws Exception {
            Span span = call(HTTP, new IOException("refused"), rejected());

            assertThat(span.getName()).isEqualTo("HTTP payments.svc:8443");
            assertThat(span.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CLIENT);
            assertThat(span.getParentSpanId().isEmpty()).isTrue();
            assertThat(span.getStartTimeUnixNano()).isEqualTo(1_700_000_000_123_456_789L);
            assertThat(span.getEndTimeUnixNano() - span.getStartTimeUnixNano()).isEqualTo(3_000_000);
            assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
            assertThat(span.getStatus().getMessage()).isEqualTo("circuit_open");
            assertThat(attributes(span))
                    .containsEntry("resilience.decision", "rejected")
                    .containsEntry("resilience.cause_code", 102L)
                    .containsEntry("server.address", "payments.svc")
                    .containsEntry("server.port", 8443L)
                    .containsEntry("error.type", "java.io.IOException");
            assertThat(span.getEventsList()).singleElement().satisfies(event -> {
                assertThat(event.getName()).isEqualTo("RESILIENCE_DECISION");
                assertThat(event.getTimeUnixNano() - span.getStartTimeUnixNano())
                        .isEqualTo(1_000_000);
                assertThat(OtlpReceiver.plain(event.getAttributesList()))
                        .containsEntry("resilience.decision_id", "d-7");
            });
            assertThat(receiver.resource)
                    .containsEntry("service.name", "shop")
                    .containsEntry("telemetry.distro.name", "resilience");
            assertThat(receiver.path).isEqualTo("/v1/traces");
            assertThat(kept.faults).isEmpty();
        }

        @Test
        void tellsItsTraceBeforeItIsSentAndWhatComesLaterIsOfTheSame() throws Exception {
            Trace trace = opened(exporting(), HTTP);
            String told = requireNonNull(trace.traceId());
            assertThat(told).hasSize(32).isEqualTo(trace.traceId());
            trace.accept(admitted());
            trace.close(null);
            Trace later = requireNonNull(trace.afterwards());
            later.accept(decision(Verdict.TIMED_OUT, Reason.READ_STALL, BreakerState.CLOSED));
            later.close(new IOException("stalled"));

            Span first = receiver.next();
            Span second = receiver.next();
            assertThat(HexFormat.of().formatHex(first.getTraceId().toByteArray()))
                    .isEqualTo(told);
            assertThat(second.getTraceId()).isEqualTo(first.getTraceId());
            assertThat(second.getSpanId()).isNotEqualTo(first.getSpanId());
            assertThat(attributes(second)).containsEntry("resilience.decision", "timed_out");
        }

        /** Else an exception would name a trace that nobody finds. */
        @Test
        void tellsTheTraceOfThoseAloneThatAreSampled() throws Exception {
            properties.put("otel.traces.sampler", "traceidratio");
            properties.put("otel.traces.sampler.arg", "0.5");
            OpenTelemetrySink sink = exporting();
            Set<String> told = new TreeSet<>();
            int calls = 200;
            for (int i = 0; i < calls; i++) {
                Trace trace = opened(sink, HTTP);
                trace.accept(rejected());
                if (trace.traceId() != null) {
                    told.add(trace.traceId());
                }
                trace.close(null);
            }

            assertThat(told).hasSizeBetween(50, 150);
            Set<String> sent = new TreeSet<>();
            for (int i = 0; i < told.size(); i++) {
                sent.add(HexFormat.of().formatHex(receiver.next().getTraceId().toByteArray()));
            }
            assertThat(sent).isEqualTo(told);
        }

        @Test
        void leavesTheStatusUnsetWhenAFallbackRescuedTheCall() throws Exception {
            Span span = call(HTTP, null, rejected(), fallback(null));

            assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET);
            assertThat(attributes(span)).containsEntry("fallback.invoked", true).doesNotContainKey("error.type");
        }

        @Test
        void saysWhatWentWrongWhenTheFallbackFailedTooButNotItsMessage() throws Exception {
            Span span = call(HTTP, null, rejected(), fallback("java.io.IOException: token=hunter2"));

            assertThat(span.getStatus().getMessage()).isEqualTo("circuit_open");
            assertThat(span.toString()).contains("java.io.IOException").doesNotContain("hunter2");
        }

        @Test
        void hasASpanForAnAdmittedCallToo() throws Exception {
            Span span = call(HTTP, null, admitted());

            assertThat(span.getEventsCount()).isZero();
            assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET);
            assertThat(attributes(span)).containsEntry("resilience.decision", "admitted");
        }

        @Test
        void marksAFaultOfTheTargetAsAnErrorOfThatType() throws Exception {
            Span span = call(HTTP, new ConnectException("to 10.0.0.1"), admitted());

            assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
            assertThat(attributes(span)).containsEntry("error.type", "java.net.ConnectException");
            assertThat(span.toString()).doesNotContain("10.0.0.1");
        }

        @Test
        void describesADatabaseWithoutItsCredentials() throws Exception {
            String url = "jdbc:postgresql://me:hunter2@db.svc:5432/orders?password=hunter2";

            Span span = call(new Subject("jdbc", url, "orders", "observe"), null, admitted());

            assertThat(span.getName()).isEqualTo("jdbc postgresql://db.svc:5432/orders");
            assertThat(span.toString()).doesNotContain("hunter2");
            assertThat(attributes(span))
                    .containsEntry("db.system.name", "postgresql")
                    .containsEntry("db.namespace", "orders")
                    .containsEntry("server.address", "db.svc")
                    .containsEntry("server.port", 5432L);
        }

        @Test
        void sendsATransitionThatBelongsToNoCall() throws Exception {
            exporting().accept(new Signal.Transition(HTTP, BreakerState.CLOSED, BreakerState.OPEN, "failures=12/20"));

            Span span = receiver.next();

            assertThat(span.getName()).isEqualTo("circuit breaker HTTP payments.svc:8443");
            assertThat(span.getEvents(0).getName()).isEqualTo("CIRCUIT_OPENED");
        }

        @Test
        void exemptsItsEndpointAndMakesNoSpanForIt() {
            OpenTelemetrySink sink = exporting();

            assertThat(sink.exemptEndpoint()).isEqualTo(receiver.hostAndPort());
            assertThat(sink.open(new Subject("http", receiver.url(), "default", "enforce")))
                    .isNull();
        }

        @Test
        void sendsTheHeadersAndTheCompressionAskedFor() throws Exception {
            properties.put("otel.exporter.otlp.headers", "Authorization=Bearer%20hunter2,x-team=shop");
            properties.put("otel.exporter.otlp.compression", "gzip");

            call(HTTP, null, admitted());

            Map<String, String> headers = receiver.headers.entrySet().stream()
                    .collect(Collectors.toMap(Map.Entry::getKey, header -> String.join(",", header.getValue())));
            assertThat(headers)
                    .containsEntry("Authorization", "Bearer hunter2")
                    .containsEntry("X-team", "shop")
                    .containsEntry("Content-encoding", "gzip");
        }

        @Test
        void sendsWhatWaitsWhenItIsClosedAndNothingAfter() throws Exception {
            OpenTelemetrySink sink = exporting();
            opened(sink, HTTP).close(null);
            receiver.next();
            for (int i = 0; i < 100; i++) {
                opened(sink, HTTP).close(null);
            }

            sink.close();

            assertThat(receiver.waiting()).isEqualTo(100);
            assertThat(sink.open(HTTP)).isNull();
        }

        @Test
        void givesUpOnAReceiverThatHangsAndDelaysNoCall() {
            receiver.hang();
            OpenTelemetrySink sink = exporting();
            long start = System.nanoTime();
            for (int i = 0; i < 2 * OwnExport.QUEUE; i++) {
                opened(sink, HTTP).close(null);
            }
            Duration calls = Duration.ofNanos(System.nanoTime() - start);

            sink.close();

            assertThat(calls).isLessThan(Duration.ofSeconds(5)); // the receiver hangs for 20
            assertThat(Duration.ofNanos(System.nanoTime() - start).minus(calls)).isLessThan(Duration.ofSeconds(8));
            assertThat(kept.faults).isNotEmpty().allMatch(fault -> fault.startsWith("telemetry/"));
        }

        @Test
        void survivesAReceiverThatIsNotThere() {
            receiver.close();
            OpenTelemetrySink sink = exporting();

            opened(sink, HTTP).close(null);
            sink.close();

            assertThat(sink.open(HTTP)).isNull();
            assertThat(kept.faults).isNotEmpty().allMatch(fault -> fault.startsWith("telemetry/"));
        }
    }
}
