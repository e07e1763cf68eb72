package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Enforced, and nothing else said: calls that hang are cut by what the others needed, and nothing that goes on is. */
@Tag("waiting")
class AdaptiveDeadlineIT {
    private static final int KNOWN = 100;
    private static final int AT_ONCE = 5;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void cutsAnHttpCallThatHangsAndNoBodyThatComes(Path jdk) {
        try (RawHttpServer server = new RawHttpServer();
                RawHttpServer another = new RawHttpServer();
                Jvm program = Jvm.with(jdk).agent("mode=enforce").caller()) {
            assertThat(program.call("http " + another.url("/status/200"))).startsWith("ok "); // the first loads all
            learn(program, "http " + server.url("/status/200"));

            isCut(
                    program.call("http " + server.url("/hang")),
                    "java.net.http.HttpTimeoutException: resilience: call cut");
            isCut(program.call("http-async " + server.url("/hang")), "no answer within ");
            assertThat(program.call("http " + server.url("/drip/4")))
                    .startsWith("ok")
                    .endsWith("200 ....");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void cutsAUnaryCallThatHangsAndNoStream(Path jdk) {
        try (EchoFixture server = new EchoFixture();
                EchoFixture another = new EchoFixture();
                Jvm program = Jvm.with(jdk).agent("mode=enforce").caller()) {
            assertThat(program.call("grpc " + another.target() + " hello")).startsWith("ok "); // the first loads all
            learn(program, "grpc " + server.target() + " hello");

            isCut(program.call("grpc " + server.target() + " hang"), "DEADLINE_EXCEEDED");
            assertThat(program.call("grpc-list " + server.target() + " slow 2000,b"))
                    .endsWith("[slow 2000, b]");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void cutsNoStatement(Path jdk) {
        try (Jvm program = Jvm.with(jdk).agent("mode=enforce").caller()) {
            learn(program, "kept " + Postgres.url() + " select 1");

            assertThat(program.call("kept " + Postgres.url() + " select pg_sleep(2.5)"))
                    .startsWith("ok");
        }
    }

    private static void learn(Jvm program, String call) {
        for (int done = 0; done < KNOWN; done += AT_ONCE) {
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                ids.add(call.startsWith("kept") ? program.call(call) : program.begin(call));
            }
            for (String id : ids) {
                assertThat(call.startsWith("kept") ? id : program.answerTo(id)).startsWith("ok ");
            }
        }
    }

    private static void isCut(String answer, String exception) {
        assertThat(answer).startsWith("failed ").contains(exception);
        // a first call that had to connect may be what the others are measured by
        assertThat(Long.parseLong(answer.split(" ", 3)[1])).isBetween(1_000_000L, 5_000_000L);
    }
}
