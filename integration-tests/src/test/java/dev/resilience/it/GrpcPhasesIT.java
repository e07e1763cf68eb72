package dev.resilience.it;

import static dev.resilience.it.Phases.CALLS;
import static dev.resilience.it.Phases.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each phase of a call of gRPC hangs in its turn, with every kind of stub: the caller is answered in time, the server sees
 * the end, nothing is left, and the next call is answered.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.resilience.it.Phases#jdks")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("waiting")
class GrpcPhasesIT {
    private static final String EXCEEDED = "StatusRuntimeException_DEADLINE_EXCEEDED";
    private static final String CUT = EXCEEDED + ":_resilience:_call_cut:_deadline_exhausted_(100):_";
    private static final List<String> STUBS = List.of("blocking", "future", "async");

    private final StallingService server = new StallingService();
    private @Nullable Phases running;

    @Parameter
    @Nullable
    Path jdk;

    @BeforeParameterizedClassInvocation
    void start(Path home) {
        Jvm program = Jvm.with(home)
                .agent(
                        "mode=enforce",
                        "defaults.breaker.strategy=off",
                        "defaults.deadline=300ms",
                        "defaults.stream.first-message=300ms",
                        "defaults.stream.idle=300ms",
                        "policies.chats.match.protocol=grpc",
                        "policies.chats.match.method=Chat",
                        "policies.chats.stream.idle=none",
                        "policies.chats.stream.total=500ms")
                .start("dev.resilience.apps.GrpcPhases");
        program.awaitLine("ready");
        for (String kind : new String[] {"blocking", "future", "async", "list", "list-async"}) {
            eventually(
                    "first calls",
                    () -> program.call(kind + " plain 5 " + server.target() + " done 1 0")
                            .matches("(item|messages_1)\\*5 .*"));
        }
        running = new Phases(program, "gRPC", home);
    }

    private Phases phases() {
        return Objects.requireNonNull(running);
    }

    private Jvm program() {
        return phases().program();
    }

    @AfterParameterizedClassInvocation
    void nothingIsLeftOfAllOfThem() {
        phases().endWithNothingLeft();
    }

    @AfterAll
    void close() {
        server.close();
    }

    @Test
    void aChannelThatIsNotReady() throws Exception {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        phases().areCut("channel not ready", EXCEEDED, bursts("ready", "127.0.0.1:" + port, "hello"));
    }

    @Test
    void aConnectIntoABlackHole() {
        try (BlackHole hole = new BlackHole()) {
            assumeThat(hole.isBlack()).as("a queue that can be full").isTrue();
            String target = "127.0.0.1:" + hole.port();

            phases().areCut("connect", EXCEEDED, bursts("plain", target, "hello"));

            try (Relay relay = hole.openTo(server.port())) {
                assertThat(relay.port()).isEqualTo(hole.port());
                eventually(
                        "the next call",
                        () -> program()
                                .call("blocking ready 1 " + target + " hello")
                                .startsWith("hello*1"));
            }
        }
    }

    @Test
    void aNameThatNeverResolves() {
        phases().areCut("name", EXCEEDED, bursts("plain", "never:///x", "hello"));
        phases().areCut("name, stream", CUT + "no_first_message", "list plain " + CALLS + " never:///x hello");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"hang", "headers", "message"})
    void anAnswerThatStopsAfter(String what) {
        int cancelled = server.cancelled();

        phases().areCut("no answer, " + what, EXCEEDED, bursts("plain", server.target(), what));

        goesOn(cancelled, 3 * CALLS);
    }

    /** The deadline is over in time, but only the caller's executor can say so: all that is ours is that nothing is sent on. */
    @Test
    void anExecutorThatIsBlocked() {
        int cancelled = server.cancelled();

        phases().areCut("executor blocked", EXCEEDED, "blocking blocked " + CALLS + " " + server.target() + " hang");
        phases().areCut(
                        "executor blocked, later than 0.9 s",
                        EXCEEDED,
                        900_000,
                        "future blocked " + CALLS + " " + server.target() + " hang",
                        "async blocked " + CALLS + " " + server.target() + " hang");

        goesOn(cancelled, 3 * CALLS);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"hang", "headers"})
    void aStreamWithoutAFirstMessage(String what) {
        int cancelled = server.cancelled();

        phases().areCut(
                        "first message, " + what,
                        CUT + "no_first_message_of_a_stream_within_300ms",
                        "list plain " + CALLS + " " + server.target() + " " + what,
                        "list-async plain " + CALLS + " " + server.target() + " " + what,
                        "chat plain " + CALLS + " " + server.target() + " " + what);

        goesOn(cancelled, 3 * CALLS);
    }

    /** It begins to answer when all is said, which takes longer than it may be silent. */
    @Test
    void aClientStreamWithoutAnAnswer() {
        int cancelled = server.cancelled();

        phases().areCut(
                        "first message, client stream",
                        CUT + "no_first_message",
                        700_000 + Phases.DEADLINE_MICROS,
                        "collect plain " + CALLS + " " + server.target() + " hang");

        goesOn(cancelled, CALLS);
    }

    @Test
    void aStreamThatStopsHalfWay() {
        int cancelled = server.cancelled();

        phases().areCut(
                        "idle",
                        CUT + "no_message_of_a_stream_for_300ms",
                        20_000 + Phases.DEADLINE_MICROS,
                        "list plain " + CALLS + " " + server.target() + " items 3 10",
                        "list-async plain " + CALLS + " " + server.target() + " items 3 10");

        goesOn(cancelled, 2 * CALLS);
    }

    @Test
    void aStreamThatHasNoEnd() {
        int cancelled = server.cancelled();

        phases().areCut(
                        "total",
                        CUT + "stream_not_over_within_500ms",
                        500_000,
                        "chat plain " + CALLS + " " + server.target() + " items 1000 50");

        goesOn(cancelled, CALLS);
    }

    /** Each longer than a silence may be: the target's gaps are not, and what the caller does with its time is its own. */
    @Test
    void aStreamThatGoesOnAndOneThatIsReadSlowlyAreNotCut() {
        for (String burst : new String[] {
            "list plain 5 %s done 10 50",
            "list-async plain 5 %s done 10 50",
            "list slow 5 %s done 3 0",
            "list-paused plain 5 %s done 3 0"
        }) {
            String all = burst.contains("done 10") ? "messages_10*5 " : "messages_3*5 ";
            // a server that stands still is silent, once; what is cut wrongly is cut each time
            eventually(
                    burst,
                    () -> program().call(String.format(burst, server.target())).startsWith(all));
        }
    }

    private static String[] bursts(String option, String target, String text) {
        return STUBS.stream()
                .map(stub -> stub + " " + option + " " + CALLS + " " + target + " " + text)
                .toArray(String[]::new);
    }

    /** On a busy machine a few calls are over before they are sent. */
    private void goesOn(int before, int calls) {
        eventually("streams ended", () -> server.open() == 0 && server.cancelled() - before >= calls * 9 / 10);
        phases().answers("hello", "blocking plain 1 " + server.target() + " hello");
    }
}
