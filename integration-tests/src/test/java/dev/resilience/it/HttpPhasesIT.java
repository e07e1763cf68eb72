package dev.resilience.it;

import static dev.resilience.it.Phases.CALLS;
import static dev.resilience.it.Phases.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
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
 * Each phase of a request hangs in its turn, in {@code send} and in {@code sendAsync}: the caller is answered in time, the
 * server sees the end, nothing is left, and the next request to the same server is answered.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.resilience.it.Phases#jdks")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("waiting")
class HttpPhasesIT {
    private static final String TIMEOUT = "HttpTimeoutException_resilience:_call_cut:_deadline_exhausted";
    private static final String NAME = "stalling.test";

    /** Of calls that fill every buffer on their way, which takes the processors longer than the others. */
    private static final int FEW = 10;

    private final Path directory = Files.createTempDirectory("phases");
    private final StallingServer server = new StallingServer();
    private final Http2Server http2 = new Http2Server();
    private final Keys keys = Keys.in(directory);
    private final StallingServer secure = new StallingServer(keys.context());
    private @Nullable Resolver resolver;
    private @Nullable Phases running;

    @Parameter
    @Nullable
    Path jdk;

    HttpPhasesIT() throws Exception {}

    @BeforeParameterizedClassInvocation
    void start(Path home) throws Exception {
        Resolver hosts = new Resolver(Files.createTempDirectory("phases"), NAME);
        Jvm program = keys.trustedBy(Jvm.with(home))
                .agent(
                        "mode=enforce",
                        "defaults.breaker.strategy=off",
                        "defaults.deadline=300ms",
                        "policies.half.match.path=/half",
                        "policies.half.deadline=10s",
                        "policies.none.match.path=/none",
                        "policies.none.deadline=10s")
                .option("-Djdk.net.hosts.file=" + hosts.file())
                .option("-Djava.security.properties=" + hosts.memory())
                .start("dev.resilience.apps.HttpPhases");
        program.awaitLine("ready");
        // the first calls load and weave what all need
        eventually(
                "first calls",
                () -> program.call("send 1 string 2 " + url("/ok")).startsWith("200_done*2"));
        eventually(
                "first calls",
                () -> program.call("async 2 string 2 " + url2("/status/200")).startsWith("200_"));
        eventually(
                "connections",
                () -> program.call("send 1 string " + CALLS + " " + url("/ok")).startsWith("200_done*" + CALLS));
        resolver = hosts;
        running = new Phases(program, "HTTP", home);
    }

    private Phases phases() {
        return Objects.requireNonNull(running);
    }

    private String call(String burst) {
        return phases().program().call(burst);
    }

    @AfterParameterizedClassInvocation
    void nothingIsLeftOfAllOfThem() {
        phases().endWithNothingLeft();
    }

    @AfterAll
    void close() {
        server.close();
        secure.close();
        http2.close();
    }

    @Test
    void aNameThatNeverResolves() throws Exception {
        String url = "http://" + NAME + ":" + server.port() + "/ok";

        phases().areCut("name", TIMEOUT, "send 1 string " + CALLS + " " + url);
        phases().areCut("name", TIMEOUT, "async 1 string " + CALLS + " " + url);

        // the agent's own, one for the name: no thread of the application's, or of its client's, is left in the
        // resolver
        assertThat(call("resolving")).isEqualTo("1");
        Objects.requireNonNull(resolver).answer();
        eventually("no thread left", () -> call("resolving").equals("0"));
        phases().answers("200_done", "send 1 string 1 " + url);
        phases().answers("200_done", "async 1 string 1 " + url);
    }

    @Test
    void aConnectIntoABlackHole() {
        try (BlackHole hole = new BlackHole()) {
            assumeThat(hole.isBlack()).as("a queue that can be full").isTrue();
            String url = "http://127.0.0.1:" + hole.port() + "/ok";

            phases().areCut(
                            "connect",
                            TIMEOUT,
                            "send 1 string " + CALLS + " " + url,
                            "async 1 string " + CALLS + " " + url);

            try (Relay relay = hole.openTo(server.port())) {
                phases().answers("200_done", "send 1 string 1 http://127.0.0.1:" + relay.port() + "/ok");
            }
        }
    }

    @ParameterizedTest(name = "HTTP/{0}")
    @ValueSource(strings = {"1", "2"})
    void aHandshakeOfTlsThatStalls(String version) {
        String url = "https://127.0.0.1:" + secure.port() + "/ok";
        int idle = secure.open();
        secure.mute(true);

        phases().areCut(
                        "handshake, HTTP/" + version,
                        TIMEOUT,
                        "send " + version + " string " + CALLS + " " + url,
                        "async " + version + " string " + CALLS + " " + url);

        eventually("connections ended", () -> secure.open() <= idle);
        secure.mute(false);
        phases().answers("200_done", "send " + version + " string 1 " + url);
    }

    @Test
    void aRequestBodyThatTheServerDoesNotRead() {
        try {
            phases().areCut(
                            "request body, HTTP/1.1",
                            TIMEOUT,
                            "send 1 post " + FEW + " " + url("/unread"),
                            "async 1 post " + FEW + " " + url("/unread"));
        } finally {
            eventually("read on", () -> {
                server.read(); // who came to it only now too
                return server.hanging() == 0;
            });
        }
        goesOn();
    }

    @Test
    void aRequestBodyThatTheServerDoesNotReadOnHttp2() {
        int ended = http2.ended();

        phases().areCut(
                        "request body, HTTP/2",
                        TIMEOUT,
                        "send 2 post " + CALLS + " " + url2("/hang"),
                        "async 2 post " + CALLS + " " + url2("/hang"));

        goesOnWithHttp2(ended);
    }

    @Test
    void aHeadThatDoesNotCome() {
        areCut("head, HTTP/1.1", "string", "/silent");
    }

    @Test
    void aHeadThatDoesNotComeOnHttp2() {
        areCutOnHttp2("head, HTTP/2", "string", "/hang");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"string", "stream", "lines", "publisher"})
    void aBodyThatDrips(String body) {
        areCut("body by drops, " + body + ", HTTP/1.1", body, "/drip");
    }

    /** Its call has ended with its head. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"string", "stream"})
    void aBodyOfAnErrorThatDrips(String body) {
        areCut("body of a 503 by drops, " + body + ", HTTP/1.1", body, "/drip-error");
    }

    /** The last chunk is there, and its trailers or their end are not. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"string", "stream"})
    void trailersThatDoNotCome(String body) {
        areCut("trailers, " + body + ", HTTP/1.1", body, "/no-trailers");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"string", "stream"})
    void aBodyThatDoesNotBeginOnHttp2(String body) {
        areCutOnHttp2("body, " + body + ", HTTP/2", body, "/head");
    }

    /** Trailers or none: what is missing is the flag that ends the stream. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"string", "stream", "lines", "publisher"})
    void anEndOfTheStreamThatDoesNotComeOnHttp2(String body) {
        areCutOnHttp2("end of stream, " + body + ", HTTP/2", body, "/no-end");
    }

    @Test
    void aRedirectToWhatHangs() {
        areCut("redirect", "string", "/elsewhere");
    }

    /** No phase hangs here: the client sees the end at once, and says so itself. */
    @Test
    void aServerThatClosesItsHalf() {
        for (String path : new String[] {"/half", "/none"}) {
            for (String kind : new String[] {"send", "async"}) {
                String answer = call(kind + " 1 string " + CALLS + " " + url(path));
                assertThat(answer).matches("EOFException_[^,]+\\*" + CALLS + " .*");
                assertThat(Long.parseLong(answer.substring(answer.lastIndexOf(' ') + 1)))
                        .as("not by the deadline: " + answer)
                        .isLessThan(10_000_000);
            }
        }
        goesOn();
    }

    private void areCut(String cell, String body, String path) {
        phases().areCut(
                        cell,
                        TIMEOUT,
                        "send 1 " + body + " " + CALLS + " " + url(path),
                        "async 1 " + body + " " + CALLS + " " + url(path));
        goesOn();
    }

    private void areCutOnHttp2(String cell, String body, String path) {
        int ended = http2.ended();
        phases().areCut(
                        cell,
                        TIMEOUT,
                        "send 2 " + body + " " + CALLS + " " + url2(path),
                        "async 2 " + body + " " + CALLS + " " + url2(path));
        goesOnWithHttp2(ended);
    }

    private void goesOn() {
        eventually("connections ended", () -> server.hanging() == 0);
        phases().answers("200_done", "send 1 string 1 " + url("/ok"));
    }

    private void goesOnWithHttp2(int before) {
        // on a busy machine a few calls are over before they are sent
        eventually("streams ended", () -> http2.ended() - before >= 2 * CALLS * 9 / 10);
        eventually(
                "next call",
                () -> call("send 2 string 1 " + url2("/status/200")).startsWith("200_body"));
    }

    private String url(String path) {
        return "http://127.0.0.1:" + server.port() + path;
    }

    private String url2(String path) {
        return "http://127.0.0.1:" + http2.port() + path;
    }
}
