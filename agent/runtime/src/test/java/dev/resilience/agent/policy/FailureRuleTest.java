package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.Configurations.policy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.engine.Outcome;
import dev.resilience.instrumentation.api.Ending;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FailureRuleTest {
    @Nested
    class ByDefault {
        @ParameterizedTest
        @CsvSource({
            "HTTP, 502, true, FAILURE",
            "HTTP, 503, true, FAILURE",
            "HTTP, 504, true, FAILURE",
            "HTTP, 500, true, SUCCESS",
            "HTTP, 404, true, SUCCESS",
            "HTTP, 429, true, SUCCESS",
            "HTTP, 200, true, SUCCESS",
            "HTTP, connect, false, FAILURE",
            "HTTP, dns, false, FAILURE",
            "HTTP, timeout, false, FAILURE",
            "HTTP, tls, false, FAILURE",
            "HTTP, io, false, FAILURE",
            "HTTP, cancelled, false, IGNORED",
            "HTTP, other, false, IGNORED",
            "GRPC, UNAVAILABLE, true, FAILURE",
            "GRPC, DEADLINE_EXCEEDED, false, FAILURE",
            "GRPC, NOT_FOUND, true, SUCCESS",
            "GRPC, INTERNAL, true, SUCCESS",
            "GRPC, CANCELLED, false, IGNORED",
            "GRPC, connect, false, FAILURE",
            "GRPC, timeout, false, FAILURE",
            "GRPC, io, false, FAILURE",
            "GRPC, other, false, IGNORED",
            "JDBC, 08006, true, FAILURE",
            "JDBC, 53300, true, FAILURE",
            "JDBC, 57P01, true, FAILURE",
            "JDBC, 57014, true, SUCCESS",
            "JDBC, 58030, true, FAILURE",
            "JDBC, 23505, true, SUCCESS",
            "JDBC, 40001, true, SUCCESS",
            "JDBC, timeout, false, FAILURE",
            "JDBC, connect, false, FAILURE",
            "JDBC, io, false, FAILURE",
            "JDBC, pool-timeout, false, FAILURE",
            "JDBC, other, false, IGNORED",
        })
        void followsTheTable(Protocol protocol, String token, boolean answered, Outcome expected) {
            assertThat(FailureRules.DEFAULTS.of(protocol).classify(new Ending(token, answered, null)))
                    .isEqualTo(expected);
        }

        @Test
        void knowsThePlainEndings() {
            for (Protocol protocol : Protocol.values()) {
                assertThat(FailureRule.defaults(protocol).classify(Ending.OK)).isEqualTo(Outcome.SUCCESS);
                assertThat(FailureRule.defaults(protocol).classify(Ending.CANCELLED))
                        .isEqualTo(Outcome.IGNORED);
            }
        }
    }

    @Nested
    class InAPolicyOfOneProtocol {
        @Test
        void replacesTheListAndTakesOutWhatIsIgnored() {
            Policy policy = policy(
                    "match.protocol", "http", "breaker.failure-on", "5xx, 42*, timeout", "breaker.ignore", "501");

            assertThat(outcome(policy, Protocol.HTTP, "500", true)).isEqualTo(Outcome.FAILURE);
            assertThat(outcome(policy, Protocol.HTTP, "599", true)).isEqualTo(Outcome.FAILURE);
            assertThat(outcome(policy, Protocol.HTTP, "429", true)).isEqualTo(Outcome.FAILURE);
            assertThat(outcome(policy, Protocol.HTTP, "timeout", false)).isEqualTo(Outcome.FAILURE);
            assertThat(outcome(policy, Protocol.HTTP, "501", true)).isEqualTo(Outcome.IGNORED);
            assertThat(outcome(policy, Protocol.HTTP, "connect", false)).isEqualTo(Outcome.IGNORED);
            assertThat(outcome(policy, Protocol.HTTP, "404", true)).isEqualTo(Outcome.SUCCESS);
        }

        @Test
        void ignoresWhatTheTableNames() {
            Policy policy = policy("match.url", "jdbc:**", "breaker.ignore", "53300,57P*");

            assertThat(outcome(policy, Protocol.JDBC, "53300", true)).isEqualTo(Outcome.IGNORED);
            assertThat(outcome(policy, Protocol.JDBC, "57P03", true)).isEqualTo(Outcome.IGNORED);
            assertThat(outcome(policy, Protocol.JDBC, "53200", true)).isEqualTo(Outcome.FAILURE);
        }

        @Test
        void readsAnEmptyListAsNoFailureAtAll() {
            Policy policy = policy("breaker.failure-on", "");

            assertThat(outcome(policy, Protocol.HTTP, "503", true)).isEqualTo(Outcome.SUCCESS);
            assertThat(outcome(policy, Protocol.JDBC, "connect", false)).isEqualTo(Outcome.IGNORED);
        }
    }

    @Nested
    class InAPolicyOfSeveral {
        @Test
        void replacesOnlyTheListsOfTheProtocolsItNames() {
            Policy policy = policy("breaker.failure-on", "500, timeout, 53*");

            assertThat(outcome(policy, Protocol.HTTP, "500", true)).isEqualTo(Outcome.FAILURE);
            assertThat(outcome(policy, Protocol.HTTP, "503", true)).isEqualTo(Outcome.SUCCESS);
            assertThat(outcome(policy, Protocol.HTTP, "530", true)).isEqualTo(Outcome.SUCCESS);
            assertThat(outcome(policy, Protocol.JDBC, "53300", true)).isEqualTo(Outcome.FAILURE);
            assertThat(outcome(policy, Protocol.JDBC, "08006", true)).isEqualTo(Outcome.SUCCESS);
            assertThat(outcome(policy, Protocol.GRPC, "UNAVAILABLE", true)).isEqualTo(Outcome.FAILURE);
        }

        @Test
        void readsLettersWithAStarAsGrpc() {
            Policy policy = policy("breaker.failure-on", "UN*");

            assertThat(outcome(policy, Protocol.GRPC, "UNKNOWN", true)).isEqualTo(Outcome.FAILURE);
            assertThat(outcome(policy, Protocol.JDBC, "08006", true)).isEqualTo(Outcome.FAILURE);
        }

        @Test
        void replacesEveryListByWordsAlone() {
            Policy policy = policy("breaker.failure-on", "timeout");

            for (Protocol protocol : Protocol.values()) {
                assertThat(outcome(policy, protocol, "timeout", false)).isEqualTo(Outcome.FAILURE);
                assertThat(outcome(policy, protocol, "connect", false)).isEqualTo(Outcome.IGNORED);
            }
        }

        @Test
        void leavesInheritedListsToTheProtocolsTheyName() {
            Loaded loaded = Configurations.properties(
                    "resilience.defaults.breaker.failure-on", "500",
                    "resilience.policies.p.match.protocol", "grpc");

            assertThat(loaded.problems()).isEmpty();
            Policy policy = loaded.policies().policies().get(0);
            assertThat(outcome(policy, Protocol.GRPC, "UNAVAILABLE", true)).isEqualTo(Outcome.FAILURE);
        }
    }

    @Test
    void allocatesNothing() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        FailureRule http = FailureRule.defaults(Protocol.HTTP);
        FailureRule jdbc = FailureRule.defaults(Protocol.JDBC);
        Ending database = Ending.answered("23505", null);
        for (int warmUp = 0; warmUp < 2; warmUp++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            int failures = 0;
            for (int i = 0; i < 100_000; i++) {
                failures += http.classify(Ending.status(200 + i % 400)) == Outcome.FAILURE ? 1 : 0;
                failures += http.classify(Ending.OK) == Outcome.FAILURE ? 1 : 0;
                failures += jdbc.classify(database) == Outcome.FAILURE ? 1 : 0;
            }
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(failures).isEqualTo(750);
            if (warmUp > 0) {
                assertThat(allocated).isLessThan(1_000);
            }
        }
    }

    private static Outcome outcome(Policy policy, Protocol protocol, String token, boolean answered) {
        return policy.failures(protocol).classify(new Ending(token, answered, null));
    }
}
