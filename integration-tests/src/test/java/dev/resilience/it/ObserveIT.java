package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Without a policy the agent only watches: everything the application can see is what it was. */
@Tag("unhurried")
class ObserveIT {

    static Stream<Arguments> settings() {
        return Jdks.all().stream()
                .flatMap(jdk -> Stream.of("newest", "floor", "okhttp").map(name -> Arguments.of(jdk, name)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void aProgramPrintsAndSendsTheSameWithAndWithoutTheAgent(Path jdk, String libraries) {
        Seen bare = run(Jvm.with(jdk).libraries(libraries));
        Seen watched = run(Jvm.with(jdk).libraries(libraries).agent());

        assertThat(watched.answers()).containsExactlyElementsOf(bare.answers());
        assertThat(watched.requests()).isEqualTo(bare.requests());
        assertThat(watched.errors()).isEqualTo(bare.errors());
    }

    private static Seen run(Jvm.Setup setup) {
        try (RawHttpServer http = new RawHttpServer();
                Jvm server = setup.echoServer();
                Jvm program = setup.caller()) {
            String grpc = "127.0.0.1:" + server.awaitLine("port ").substring(5);
            List<String> answers = new ArrayList<>();
            for (String words : List.of(
                    "http " + http.url("/status/200"),
                    "http " + http.url("/status/404"),
                    "http " + http.url("/status/503"),
                    "http-async " + http.url("/status/200"),
                    "http-thread " + http.url("/slow/300"),
                    "http http://127.0.0.1:1/refused",
                    "http-async http://127.0.0.1:1/refused",
                    "grpc " + grpc + " hello",
                    "grpc " + grpc + " fail UNAVAILABLE",
                    "grpc " + grpc + " fail NOT_FOUND",
                    "grpc-future " + grpc + " hello",
                    "grpc-future " + grpc + " fail INTERNAL",
                    "grpc-async " + grpc + " hello",
                    "grpc-async " + grpc + " fail UNAVAILABLE",
                    "grpc-list " + grpc + " a,b,c",
                    "grpc-collect " + grpc + " a,b,c",
                    "grpc-chat " + grpc + " a,b,c",
                    "grpc 127.0.0.1:1 nobody",
                    "sql " + Postgres.url() + " select 1 + 1",
                    "sql " + Postgres.url() + " select * from nowhere",
                    "sql " + Postgres.url() + " create temporary table t (id int primary key)",
                    "batch " + Postgres.url() + " create temporary table if not exists u (id int)",
                    "direct " + Postgres.url() + " select 'direct'",
                    "direct jdbc:postgresql://127.0.0.1:1/none?user=a select 1",
                    "sql jdbc:h2:mem:test select 7")) {
                answers.add(words.replaceAll("\\d{4,5}", "PORT") + " -> "
                        + program.call(words)
                                .replaceFirst("^(ok|failed) \\d+ ", "$1 ")
                                .replaceAll("\\d{4,5}", "PORT"));
            }
            assertThat(program.finish()).isZero();
            return new Seen(
                    answers,
                    http.requests().stream()
                            .map(request -> request.replaceAll(":\\d+", ":PORT"))
                            .toList(),
                    program.errors());
        }
    }

    private record Seen(List<String> answers, List<String> requests, List<String> errors) {}
}
