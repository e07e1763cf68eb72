package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.signal.Signal;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Stall;
import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Decisions say that our own process stood still, and what was not held against the target. */
class StallTest {
    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final Machinery machinery = Machinery.byHand(clock, recorder, new FaultLog(line -> {}));

    private Guard guard(Mode mode, BreakerConfig breaker) {
        GuardRegistry registry =
                new GuardRegistry(Policies.set(Policies.policy(mode, breaker, null, null)), machinery, line -> {});
        Guard guard = Objects.requireNonNull(registry.http("GET", URI.create("http://x/")));
        for (int i = 0; i < 20; i++) {
            call(guard, Ending.OK);
            pass(Duration.ofMillis(100));
        }
        return guard;
    }

    private Signal.Decision call(Guard guard, Ending ending) {
        FakeCall call = new FakeCall();
        assertThat(guard.tryAcquire(call)).isNull();
        Signal.Decision decision = recorder.lastDecision();
        guard.settle(call, ending);
        return decision;
    }

    private void pass(Duration time) {
        clock.advance(time);
        machinery.pulse().beat();
    }

    private static BreakerConfig adaptive() {
        return BreakerConfig.of(Strategy.Adaptive.DEFAULT);
    }

    @ParameterizedTest
    @EnumSource
    void isToldOfTheCallsThatWereUnderWayAndOfThoseOfTheNextTenSeconds(Mode mode) {
        Guard guard = guard(mode, adaptive());
        FakeCall underWay = new FakeCall();
        assertThat(guard.tryAcquire(underWay)).isNull();
        assertThat(recorder.lastDecision().stall()).isNull();
        clock.advance(Duration.ofSeconds(3));

        guard.settle(underWay, Ending.failed(Ending.TIMEOUT, null));

        Stall told = Objects.requireNonNull(recorder.lastDecision().stall());
        assertThat(told.failures()).isEqualTo(1);
        assertThat(told.calls()).isEqualTo(1);
        assertThat(Duration.ofNanos(told.nanos())).isEqualTo(Duration.ofMillis(2_900));
        assertThat(recorder.lastDecision().verdict()).isEqualTo(Signal.Verdict.ADMITTED);
        for (int i = 0; i < 100; i++) {
            pass(Duration.ofMillis(100));
            assertThat(call(guard, Ending.OK).stall()).isEqualTo(told);
        }
        pass(Duration.ofMillis(100));
        assertThat(call(guard, Ending.OK).stall()).isNull();
    }

    @Test
    void aCallThatBeganAfterItIsToldOfItOnce() {
        Guard guard = guard(Mode.ENFORCE, adaptive());
        pass(Duration.ofSeconds(3));
        recorder.signals.clear();

        call(guard, Ending.OK);

        assertThat(recorder.verdicts()).containsExactly(Signal.Verdict.ADMITTED);
    }

    @Test
    void withoutOneEveryPlainAdmissionIsTheSame() {
        Guard guard = guard(Mode.ENFORCE, adaptive());
        Signal.Decision before = call(guard, Ending.OK);
        pass(Duration.ofMillis(100));

        assertThat(call(guard, Ending.OK)).isSameAs(before);
    }

    @Test
    void aBreakerThatBlamesTheTargetAllTheSameSaysNothing() {
        Guard guard = guard(Mode.ENFORCE, Policies.TIME_WINDOW);
        pass(Duration.ofSeconds(3));

        assertThat(call(guard, Ending.OK).stall()).isNull();
    }
}
