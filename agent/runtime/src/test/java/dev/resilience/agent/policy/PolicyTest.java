package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.instrumentation.api.StaticAnswer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PolicyTest {
    private static final StaticAnswer ANSWER = new StaticAnswer(200, null, Map.of(), new byte[0], null);

    @Test
    void boundsTheDeadline() {
        for (Duration wrong : List.of(
                Duration.ZERO, Duration.ofNanos(999_999), Duration.ofDays(1).plusNanos(1))) {
            assertThatThrownBy(() -> policy(wrong, null, Set.of()))
                    .isInstanceOf(BadValue.class)
                    .hasMessage("deadline must be 1ms to 1d, adaptive, or none");
        }
        for (Duration right : List.of(Duration.ofMillis(1), Duration.ofDays(1))) {
            assertThat(policy(right, null, Set.of()).deadline()).isEqualTo(new Deadline.Fixed(right));
        }
    }

    @Test
    void hasADeadlineWhereNobodySaysSoButForDatabases() {
        assertThat(Deadline.Rule.BY_PROTOCOL.of(Protocol.HTTP)).isEqualTo(Deadline.Rule.ADAPTIVE);
        assertThat(Deadline.Rule.BY_PROTOCOL.of(Protocol.GRPC)).isEqualTo(Deadline.Rule.ADAPTIVE);
        assertThat(Deadline.Rule.BY_PROTOCOL.of(Protocol.JDBC)).isEqualTo(Deadline.Rule.NONE);
        assertThat(Deadline.Rule.ADAPTIVE.of(Protocol.JDBC)).isEqualTo(Deadline.Rule.ADAPTIVE);
    }

    @Test
    void givesItsFallbackInTheProtocolsItSpeaks() {
        Policy policy = policy(null, ANSWER, Set.of(Protocol.GRPC));

        assertThat(policy.chain(Protocol.GRPC)).containsExactly(new Link.Static(ANSWER, Set.of(Protocol.GRPC)));
        assertThat(policy.chain(Protocol.HTTP)).isEmpty();
        assertThatThrownBy(() -> policy(null, ANSWER, Set.of(Protocol.JDBC)))
                .hasMessage("fallback must be for HTTP and gRPC alone");
    }

    @Test
    void answersWhatItGuardsUnlessToldOtherwise() {
        Policy all = new Policy("p", Mode.ENFORCE, Match.ALL, Key.HOST, null, FailureRules.DEFAULTS, null, ANSWER);
        Match rpc = new Match(Protocol.GRPC, null, List.of(), List.of(), null, null, null, null, null);

        assertThat(answered(all)).containsExactlyInAnyOrder(Protocol.HTTP, Protocol.GRPC);
        assertThat(answered(new Policy("p", Mode.ENFORCE, rpc, Key.HOST, null, FailureRules.DEFAULTS, null, ANSWER)))
                .containsExactly(Protocol.GRPC);
        assertThat(new Policy("p", Mode.ENFORCE, rpc, Key.HOST, null, FailureRules.DEFAULTS, null, null).chain())
                .isEmpty();
    }

    @Test
    void matchesPortsThatExist() {
        for (int wrong : List.of(0, -1, 65536)) {
            assertThatThrownBy(() -> new Match(null, null, List.of(wrong), List.of(), null, null, null, null, null))
                    .hasMessage("match.port must be 1 to 65535");
        }
        assertThat(new Match(null, null, List.of(1, 65535), List.of(), null, null, null, null, null).ports())
                .containsExactly(1, 65535);
    }

    @Test
    void matchesCallsOfOneProtocolOnly() {
        Glob any = Glob.host("**");
        assertThatThrownBy(() -> new Match(null, any, List.of(), List.of(), null, any, null, null, null))
                .hasMessageStartingWith("match must be of one protocol");
        assertThatThrownBy(() -> new Match(Protocol.JDBC, null, List.of(), List.of(any), null, null, null, null, null))
                .isInstanceOf(BadValue.class);
        assertThatThrownBy(() -> new Match(Protocol.HTTP, null, List.of(), List.of(), null, null, null, any, null))
                .isInstanceOf(BadValue.class);
        assertThatThrownBy(() -> new Match(Protocol.GRPC, null, List.of(80), List.of(), null, null, null, null, null))
                .isInstanceOf(BadValue.class);

        Match methods = new Match(null, null, List.of(), List.of(any), null, null, null, null, null);
        assertThat(methods.serves(Protocol.HTTP)).isTrue();
        assertThat(methods.serves(Protocol.GRPC)).isTrue();
        assertThat(methods.serves(Protocol.JDBC)).isFalse();
    }

    @Test
    void tellsAProblemInOneBoundedLineWithoutSecrets() {
        Problem problem = new Problem(
                Severity.ERROR, "a.yaml:3", "policies.p.match.url", "jdbc:x\n//h?password=secret", "must be shorter");
        assertThat(problem).hasToString("error in a.yaml:3: policies.p.match.url = jdbc:x //h...: must be shorter");
        assertThat(new Problem(Severity.WARNING, "environment", "K", "x".repeat(100_000), "is long").toString())
                .hasSizeLessThan(150);
        assertThat(new Problem(Severity.ERROR, "a.yaml:3", "uri", "http://me:secret@h/x", "must be shorter"))
                .hasToString("error in a.yaml:3: uri = http://...@h/x: must be shorter");
        assertThat(new Problem(Severity.WARNING, "environment", "K", null, "is missing"))
                .hasToString("warning in environment: K: is missing");
    }

    private static Set<Protocol> answered(Policy policy) {
        return ((Link.Static) policy.chain().get(0)).answered();
    }

    private static Policy policy(@Nullable Duration deadline, @Nullable StaticAnswer fallback, Set<Protocol> answered) {
        return new Policy(
                "p",
                Mode.ENFORCE,
                Match.ALL,
                Key.HOST,
                Policy.DEFAULT_BREAKER,
                FailureRules.DEFAULTS,
                deadline,
                fallback,
                answered);
    }
}
