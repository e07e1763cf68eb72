package dev.resilience.agent.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Subject;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Stall;
import dev.resilience.instrumentation.api.Reason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FactsTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "http://h:80?token=x, http://h:80",
        "http://me:x@h:80/p, http://h:80/p",
        "jdbc:sqlserver://h:1433;user=me;password=x, jdbc:sqlserver://h:1433",
        "jdbc:oracle:thin:me/x@h:1521/orders, h:1521/orders",
        "jdbc:h2:mem:t#x, jdbc:h2:mem:t"
    })
    void takeSecretsOutOfATarget(String target, String safe) {
        assertThat(Facts.safe(target)).isEqualTo(safe);
    }

    @Test
    void leaveACleanTargetAsItIs() {
        String target = "dns:///x:9000";

        assertThat(Facts.safe(target)).isSameAs(target);
    }

    @Test
    void sayHowLongOurOwnProcessStoodStillAndWhatWasSetAside() {
        assertThat(Facts.of(admitted(new Stall(0, 0, 2_900_123_456L, 3, 15))))
                .containsEntry("resilience.stall.ms", 2_900.123)
                .containsEntry("resilience.stall.set_aside", "failures=3/15");
        assertThat(Facts.of(admitted(new Stall(0, 0, 60_000_000, 0, 0))))
                .containsEntry("resilience.stall.ms", 60.0)
                .doesNotContainKey("resilience.stall.set_aside");
        assertThat(Facts.of(admitted(null))).doesNotContainKeys("resilience.stall.ms", "resilience.stall.set_aside");
    }

    @Test
    void sayWhatBecomesOfACallThatFailed() {
        Subject subject = new Subject("http", "http://h:80", "p", "enforce");
        Signal.Retry retry = new Signal.Retry(subject, 2, Signal.Retry.AGENT, "again", "503", 12_345_678, 3.5);

        assertThat(Facts.of(retry))
                .containsEntry("resilience.policy", "p")
                .containsEntry("resilience.retry.attempts", 2L)
                .containsEntry("resilience.retry.by", "agent")
                .containsEntry("resilience.retry.reason", "again")
                .containsEntry("resilience.retry.ending", "503")
                .containsEntry("resilience.retry.wait.ms", 12.346)
                .containsEntry("resilience.retry.budget", 3.5);
    }

    @Test
    void sayThatALinkWasPassedOver() {
        Subject subject = new Subject("http", "http://h:80", "p", "enforce");
        Signal.FallbackExecuted passed =
                new Signal.FallbackExecuted(subject, "alternate", 0, Signal.FallbackExecuted.CONDITION_NOT_MET, null);

        assertThat(passed.isPassedOver()).isTrue();
        assertThat(Facts.eventOf(passed))
                .containsEntry("fallback.invoked", false)
                .containsEntry("fallback.type", "alternate")
                .containsEntry("fallback.failure", "condition_not_met");
    }

    @Test
    void sayWhatADecisionFollowedFromAndHowLongItTook() {
        Subject subject = new Subject("http", "http://h:80", "p", "enforce");
        Signal.Origin origin = new Signal.Origin("circuit_opened", "d-1", "2026-01-01T00:00:00Z", "failures=5/5");
        Signal.Decision refused = new Signal.Decision(
                subject,
                Signal.Verdict.REJECTED,
                Reason.CIRCUIT_OPEN,
                BreakerState.OPEN,
                "d-2",
                "failures=5/5",
                null,
                null,
                null,
                origin,
                1_500_000);

        assertThat(Facts.of(refused))
                .containsEntry("resilience.decision_id", "d-2")
                .containsEntry("resilience.followed_from", "circuit_opened")
                .containsEntry("resilience.followed_from_id", "d-1")
                .containsEntry("resilience.followed_from_time", "2026-01-01T00:00:00Z")
                .containsEntry("resilience.followed_from_why", "failures=5/5")
                .containsEntry("resilience.elapsed.ms", 1.5);
        assertThat(Facts.of(admitted(null)).keySet())
                .noneMatch(key -> key.startsWith("resilience.followed") || key.startsWith("resilience.elapsed"));
    }

    @Test
    void nameATransitionAndTheOneBeforeIt() {
        Subject subject = new Subject("http", "http://h:80", "p", "enforce");

        assertThat(Facts.of(new Signal.Transition(
                        subject, BreakerState.OPEN, BreakerState.HALF_OPEN, "probing", "d-2", "d-1")))
                .containsEntry("resilience.decision_id", "d-2")
                .containsEntry("resilience.followed_from_id", "d-1");
    }

    @Test
    void sayWhereWorkGoesOnWithoutItsStack() {
        Subject subject = new Subject("jdbc", "jdbc:x://h/db", "p", "enforce");
        Signal.Leak leak =
                new Signal.Leak(subject, "d-3", 350_000_000, "a.B.c(B.java:1)", "w-1", "WAITING", "a.Lock@1", "x\ny");

        assertThat(Facts.of(leak))
                .containsEntry("resilience.decision_id", "d-3")
                .containsEntry("resilience.elapsed.ms", 350.0)
                .containsEntry("resilience.leak.site", "a.B.c(B.java:1)")
                .containsEntry("resilience.leak.thread", "w-1")
                .containsEntry("resilience.leak.thread_state", "WAITING")
                .containsEntry("resilience.leak.waits_for", "a.Lock@1")
                .doesNotContainValue("x\ny");
    }

    private static Signal.Decision admitted(@Nullable Stall stall) {
        Subject subject = new Subject("http", "http://h:80", "p", "enforce");
        return new Signal.Decision(
                subject, Signal.Verdict.ADMITTED, null, BreakerState.CLOSED, null, null, null, null, stall);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "http, http://h:80, HTTP h:80, h, 80",
        "http, http://[::1]:80, HTTP [::1]:80, [::1], 80",
        "grpc, dns:///x:9000, grpc x:9000, x, 9000",
        "grpc, x:9000, grpc x:9000, x, 9000",
        "grpc, in-process, grpc in-process,,",
        "jdbc, jdbc:postgresql://h:5432/db, jdbc postgresql://h:5432/db, h, 5432",
        "jdbc, jdbc:h2:mem:orders, jdbc h2:mem:orders,,"
    })
    void nameATarget(String protocol, String target, String name, String address, Long port) {
        Description description = Description.of(new Subject(protocol, target, "p", "observe"));

        assertThat(description.name()).isEqualTo(name);
        assertThat(description.attributes().get("server.address")).isEqualTo(address);
        assertThat(description.attributes().get("server.port")).isEqualTo(port);
    }
}
