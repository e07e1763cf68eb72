package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Deadline;
import dev.resilience.agent.policy.FailureRules;
import dev.resilience.agent.policy.Key;
import dev.resilience.agent.policy.LimitConfig;
import dev.resilience.agent.policy.Match;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.policy.StallAfter;
import dev.resilience.agent.policy.StreamTimers;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.engine.BreakerState;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.StreamBudgets;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Streams are timed beside their calls. */
class StreamsTest {
    private static final Duration IDLE = Duration.ofSeconds(2);

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final FaultLog faults = new FaultLog(lines::add);
    private final Machinery machinery = Machinery.byHand(clock, recorder, faults);
    private final Guard guard = guard(Mode.ENFORCE);
    private final FakeCall call = new FakeCall();
    private final Stream stream = new Stream();

    /** One that notes how it is cut. */
    private static final class Stream extends Call {
        private final List<Refusal> cuts = new ArrayList<>();

        @Override
        public String overdue() {
            return "no message of a stream for 2s";
        }

        @Override
        public void cancel(Refusal refusal) {
            cuts.add(refusal);
        }
    }

    private Guard guard(Mode mode) {
        Policy policy = new Policy(
                "payments",
                mode,
                Match.ALL,
                Key.HOST,
                Policies.BREAKER,
                FailureRules.DEFAULTS,
                Deadline.Rule.NONE,
                new StreamTimers(null, IDLE, null),
                StallAfter.Rule.NONE,
                LimitConfig.NONE,
                List.of(),
                null);
        GuardRegistry registry = new GuardRegistry(Policies.set(policy), machinery, lines::add);
        return Objects.requireNonNull(registry.grpc("x:1", "a.B/C"));
    }

    private void begin() {
        assertThat(guard.tryAcquire(call)).isNull();
        guard.watch(stream, call);
        guard.due(stream, IDLE.toNanos());
    }

    private void pass(Duration time) {
        clock.advance(time);
        machinery.timer().turn();
    }

    @Test
    void areBoundedForGrpcAloneAndOnlyWhereThePolicyIsEnforced() {
        assertThat(guard.streamBudgets()).isEqualTo(new StreamBudgets(0, IDLE.toNanos(), 0, 0));
        assertThat(guard(Mode.OBSERVE).streamBudgets()).isNull();
        GuardRegistry registry = new GuardRegistry(Policies.set(Policies.policy(Mode.ENFORCE)), machinery, lines::add);
        assertThat(Objects.requireNonNull(registry.grpc("x:1", "a.B/C")).streamBudgets())
                .isNull();
        assertThat(Objects.requireNonNull(registry.http("GET", URI.create("http://x/")))
                        .streamBudgets())
                .isNull();
    }

    @Test
    void areCutWhenTheyAreDueAndNoSooner() {
        begin();
        pass(IDLE.minusNanos(1));
        assertThat(stream.cuts).isEmpty();

        pass(Duration.ofNanos(1));

        assertThat(stream.cuts).hasSize(1);
        assertThat(stream.cuts.get(0).reason()).isEqualTo(Reason.DEADLINE_EXHAUSTED);
        assertThat(stream.cuts.get(0).message())
                .startsWith(
                        "resilience: call cut: deadline_exhausted (100): no message of a stream for 2s, policy payments,"
                                + " target x:1, decision ");
        assertThat(call.cuts).as("the call itself has no deadline").isEmpty();
    }

    @Test
    void areNotCutWhenWhatIsDueMovesOn() {
        begin();
        pass(IDLE.minusNanos(1));
        guard.due(stream, IDLE.toNanos());
        pass(IDLE.minusNanos(1));
        guard.due(stream, Long.MAX_VALUE);
        pass(Duration.ofDays(1));

        assertThat(stream.cuts).isEmpty();
    }

    @Test
    void areCutSoonerWhenWhatIsDueMovesNearer() {
        begin();
        pass(Duration.ofMillis(1));
        guard.due(stream, Duration.ofMillis(10).toNanos());
        pass(Duration.ofMillis(10));

        assertThat(stream.cuts).hasSize(1);
    }

    @Test
    void areNotCutForATimeInWhichTheProcessStoodStill() {
        begin();
        pass(IDLE.plusSeconds(3));
        assertThat(stream.cuts).isEmpty();

        pass(Duration.ofSeconds(3));
        assertThat(stream.cuts).hasSize(1);
    }

    @Test
    void areForgottenWhenTheyAreOver() {
        begin();
        guard.heard(stream, 0, true);
        guard.settle(call, Ending.OK);
        pass(Duration.ofDays(1));

        assertThat(stream.cuts).isEmpty();
        assertThat(machinery.streams().count()).isZero();
        assertThat(machinery.inFlight().count()).isZero();
        assertThat(recorder.verdicts()).containsExactly(Verdict.ADMITTED);
    }

    @Test
    void thatNeverBeganEndTheirCallAsATimeout() {
        begin();
        pass(IDLE);
        guard.settleExpired(stream, new IOException("cut"));

        assertThat(call.isSettled()).isTrue();
        assertThat(recorder.verdicts()).containsExactly(Verdict.ADMITTED, Verdict.TIMED_OUT);
        assertThat(stream.cuts.get(0).message())
                .endsWith(", decision " + recorder.lastDecision().id() + ", after 2s");
        assertThat(recorder.closed).containsExactly("IOException");
        assertThat(machinery.streams().count()).isZero();
        assertThat(machinery.inFlight().count()).isZero();
    }

    @Test
    void thatStopHalfWayCountAsFailuresBesideTheSuccessTheyBeganAs() {
        List<Stream> streams = List.of(new Stream(), new Stream(), new Stream());
        for (Stream each : streams) {
            FakeCall begun = new FakeCall();
            assertThat(guard.tryAcquire(begun)).isNull();
            guard.watch(each, begun);
            guard.due(each, IDLE.toNanos());
            guard.settle(begun, Ending.OK);
        }
        pass(IDLE);
        for (Stream each : streams) {
            assertThat(each.cuts).hasSize(1);
            guard.settleExpired(each, new IOException("cut"));
            guard.settleExpired(each, new IOException("cut"));
        }

        assertThat(recorder.verdicts())
                .containsExactly(
                        Verdict.ADMITTED,
                        Verdict.ADMITTED,
                        Verdict.ADMITTED,
                        Verdict.TIMED_OUT,
                        Verdict.TIMED_OUT,
                        Verdict.TIMED_OUT);
        assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.OPEN);
        assertThat(machinery.streams().count()).isZero();
    }

    @Test
    void ofAnOpenBreakerDecideNothing() {
        begin();
        guard.settle(call, Ending.OK);
        for (int i = 0; i < 5; i++) {
            FakeCall failing = new FakeCall();
            if (guard.tryAcquire(failing) == null) {
                guard.settle(failing, Ending.failed(Ending.IO, new IOException("reset")));
            }
        }
        pass(IDLE);
        guard.settleExpired(stream, null);

        assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.OPEN);
        assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.TIMED_OUT);
        assertThat(faults.total()).isZero();
    }

    @Test
    void areNoConcernOfADrain() {
        begin();
        guard.settle(call, Ending.OK);

        assertThat(machinery.inFlight().count()).isZero();
        assertThat(machinery.streams().count()).isOne();
    }

    @Test
    void oneThatItsCallerDroppedIsForgotten() {
        begin();
        guard.due(stream, Long.MAX_VALUE);
        clock.advance(Duration.ofNanos(2 * InFlight.OLD_NANOS));
        machinery.streams().sweep(clock.getAsLong());

        assertThat(machinery.streams().count()).as("held weakly from now on").isOne();
        assertThat(stream.isSettled()).isFalse();
    }
}
