package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Four real instances of one service: some fail, then all do, then they are back. */
@Tag("waiting")
class ServiceIT {
    private static final int ROUNDS = 15;
    private static final String REFUSED = "circuit_open (102)";

    static List<Path> jdks() {
        return Jdks.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void refusesHalfOfTheInstancesWhileOneWorksAndAllWhenNoneDoes(Path jdk) {
        List<RawHttpServer> servers =
                Stream.generate(RawHttpServer::new).limit(4).toList();
        try (Jvm program = Jvm.with(jdk)
                .agent(
                        "mode=enforce",
                        "policies.stock.match.host=127.0.0.1",
                        "policies.stock.breaker.strategy=consecutive",
                        "policies.stock.breaker.layers=instance,service",
                        "policies.stock.breaker.open-for=1s",
                        "policies.stock.breaker.jitter=0%",
                        "policies.stock.breaker.probes=1")
                .caller()) {
            for (RawHttpServer each : servers) {
                assertThat(program.call("http " + each.url("/status/200"))).startsWith("ok ");
            }
            servers.subList(0, 3).forEach(each -> each.failing(true));

            int[] refused = new int[4];
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < 4; i++) {
                    String answer = program.call("http " + servers.get(i).url("/status/200"));
                    refused[i] += answer.contains(REFUSED) ? 1 : 0;
                    assertThat(answer).contains(i == 3 ? "200 " : "");
                }
            }
            assertThat(refused[0]).isPositive();
            assertThat(refused[1]).isPositive();
            assertThat(refused[2]).isZero();
            assertThat(refused[3]).isZero();

            servers.get(3).failing(true);
            Set<String> said = new HashSet<>();
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> {
                List<String> answers = callAll(program, servers);
                said.add(answers.get(2)); // what it is refused for is its own first probe's afterwards
                return answers.stream().allMatch(answer -> answer.contains(REFUSED));
            });
            assertThat(said).anyMatch(answer -> answer.contains("service: none of 4 instances works"));

            servers.forEach(each -> each.failing(false));
            Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> callAll(program, servers).stream().allMatch(answer -> answer.startsWith("ok ")));
            assertThat(program.errors()).noneMatch(line -> line.contains("fault at"));
            assertThat(program.finish()).isZero();
        } finally {
            servers.forEach(RawHttpServer::close);
        }
    }

    private static List<String> callAll(Jvm program, List<RawHttpServer> servers) {
        return servers.stream()
                .map(each -> program.call("http " + each.url("/status/200")))
                .toList();
    }
}
