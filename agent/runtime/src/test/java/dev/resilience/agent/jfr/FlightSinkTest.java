package dev.resilience.agent.jfr;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.engine.BreakerState;
import dev.resilience.instrumentation.api.Reason;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightSinkTest {
    private static final Subject SUBJECT = new Subject("http", "http://x:80", "payments", "enforce");
    private static final Signal.Decision REFUSED = new Signal.Decision(
            SUBJECT,
            Verdict.REJECTED,
            Reason.CIRCUIT_OPEN,
            BreakerState.OPEN,
            "d-2",
            "failures=5/5",
            null,
            null,
            null,
            new Signal.Origin("circuit_opened", "d-1", "2026-01-01T00:00:00Z", "failures=5/5"),
            7_000_000);
    private static final Signal.Decision ADMITTED =
            new Signal.Decision(SUBJECT, Verdict.ADMITTED, null, BreakerState.CLOSED, null, null, null);
    private static final Signal.Transition OPENED =
            new Signal.Transition(SUBJECT, BreakerState.CLOSED, BreakerState.OPEN, "failures=5/5", "d-1", null);
    private static final Signal.Retry RETRY =
            new Signal.Retry(SUBJECT, 1, Signal.Retry.AGENT, "again", "503", 7_000_000, -0.5);
    private static final Signal.Leak LEAK = new Signal.Leak(
            SUBJECT, "d-3", 350_000_000, "com.example.Orders.load(Orders.java:17)", "w-1", "BLOCKED", null, "a\nb\n");

    @TempDir
    private Path directory;

    private final Next next = new Next();
    private final FlightSink sink = new FlightSink(next, (site, fault) -> {
        throw new AssertionError(site, fault);
    });

    /** The telemetry behind it. */
    private static final class Next implements Sink {
        private final List<Signal> told = new ArrayList<>();
        private @Nullable String traceId;

        @Override
        public @Nullable Trace open(Subject subject) {
            return traceId == null
                    ? null
                    : new Trace() {
                        @Override
                        public void accept(Signal signal) {
                            told.add(signal);
                        }

                        @Override
                        public @Nullable String traceId() {
                            return traceId;
                        }

                        @Override
                        public void close(@Nullable Throwable thrown) {}
                    };
        }

        @Override
        public void accept(Signal signal) {
            told.add(signal);
        }
    }

    private List<RecordedEvent> recorded(Runnable work) throws IOException {
        try (Recording recording = new Recording()) {
            recording.start();
            sink.look();
            work.run();
            recording.stop();
            Path file = directory.resolve("recording.jfr");
            recording.dump(file);
            return RecordingFile.readAllEvents(file).stream()
                    .filter(event -> event.getEventType().getName().startsWith("resilience."))
                    .toList();
        } finally {
            sink.look();
        }
    }

    private void tell(Signal... signals) {
        Trace trace = requireNonNull(sink.open(SUBJECT));
        for (Signal signal : signals) {
            trace.accept(signal);
        }
        trace.close(null);
    }

    @Test
    void writesWhatIsNoPlainAdmissionWhereNobodyElseTraces() throws IOException {
        List<RecordedEvent> events = recorded(() -> {
            tell(ADMITTED, OPENED, RETRY, REFUSED);
            sink.accept(LEAK);
        });

        assertThat(events)
                .extracting(event -> event.getEventType().getName())
                .containsExactlyInAnyOrder(
                        "resilience.Transition", "resilience.Retry", "resilience.Decision", "resilience.Leak");
        RecordedEvent retry = of(events, "resilience.Retry");
        assertThat(retry.getInt("attempts")).isOne();
        assertThat(retry.getString("by")).isEqualTo("agent");
        assertThat(retry.getString("reason")).isEqualTo("again");
        assertThat(retry.getString("ending")).isEqualTo("503");
        assertThat(retry.getDuration("wait")).hasMillis(7);
        assertThat(retry.getDouble("budget")).isEqualTo(-0.5);
        RecordedEvent decision = of(events, "resilience.Decision");
        assertThat(decision.getString("decision")).isEqualTo("rejected");
        assertThat(decision.getString("reason")).isEqualTo("circuit_open");
        assertThat(decision.getInt("causeCode")).isEqualTo(102);
        assertThat(decision.getString("decisionId")).isEqualTo("d-2");
        assertThat(decision.getString("policy")).isEqualTo("payments");
        assertThat(decision.getString("target")).isEqualTo("http://x:80");
        assertThat(decision.getString("followedFrom")).isEqualTo("circuit_opened");
        assertThat(decision.getString("followedFromId")).isEqualTo("d-1");
        assertThat(decision.getDuration("elapsed")).hasMillis(7);
        assertThat(decision.getString("traceId")).isNull();
        assertThat(of(events, "resilience.Transition").getString("decisionId")).isEqualTo("d-1");
        assertThat(of(events, "resilience.Leak").getString("stack")).isEqualTo("a\nb\n");
        assertThat(next.told).as("told to nobody's trace").containsExactly(OPENED, LEAK);
    }

    @Test
    void writesTheTraceOfACallThatIsTraced() throws IOException {
        String traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
        next.traceId = traceId;

        List<RecordedEvent> events = recorded(() -> tell(ADMITTED, OPENED, REFUSED, LEAK));

        assertThat(events).hasSize(3).allMatch(event -> traceId.equals(event.getString("traceId")));
        assertThat(next.told).containsExactly(ADMITTED, OPENED, REFUSED, LEAK);
    }

    @Test
    void writesNothingThatARecordingDoesNotWant() throws IOException {
        try (Recording recording = new Recording()) {
            recording.disable("resilience.Decision");
            recording.disable("resilience.Transition");
            recording.disable("resilience.Leak");
            recording.disable("resilience.Retry");
            recording.start();
            sink.look();

            assertThat(sink.open(SUBJECT)).isNull();
        }
    }

    @Test
    void allocatesNothingWhileNothingIsRecordedAndForPlainAdmissionsNever() throws IOException {
        assertThat(recorded(() -> assertThat(bytes()).as("while recording").isZero()))
                .isEmpty();

        assertThat(sink.open(SUBJECT)).isNull();
        assertThat(bytes()).isZero();
    }

    private long bytes() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10_000; i++) {
                Trace trace = sink.open(SUBJECT);
                if (trace != null) {
                    trace.accept(ADMITTED);
                    trace.close(null);
                }
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    private static RecordedEvent of(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
