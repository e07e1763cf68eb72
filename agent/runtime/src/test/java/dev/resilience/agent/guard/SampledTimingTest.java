package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.LimitConfig;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.RateConfig;
import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Reason;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SampledTimingTest {
    private static final int BUSY = 20_000;

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final Machinery machinery = Machinery.byHand(clock, recorder, new FaultLog(line -> {}));
    private final FakeCall call = new FakeCall();

    private Guard guard(Policy policy) {
        recorder.tracing = false;
        GuardRegistry registry = new GuardRegistry(Policies.set(policy), machinery, line -> {});
        return Objects.requireNonNull(registry.http("GET", URI.create("http://x/")));
    }

    private static Policy adaptive(Mode mode) {
        return Policies.policy(mode, Policies.breaker(Strategy.Adaptive.DEFAULT), null, null);
    }

    private void beat() {
        clock.advance(Duration.ofMillis(100));
        machinery.pulse().beat();
    }

    private void calls(Guard guard, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(guard.tryAcquire(call)).isNull();
            guard.settle(call, Ending.OK);
        }
    }

    private void heat(Guard guard) {
        for (int i = 0; i < 3; i++) {
            calls(guard, BUSY);
            beat();
        }
    }

    private double readsForEach(Guard guard) {
        long before = clock.reads();
        calls(guard, BUSY);
        return (clock.reads() - before) / (double) BUSY;
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void aBusyGuardReadsTheClockForOneCallInThirtyTwo(Mode mode) {
        Guard guard = guard(adaptive(mode));
        assertThat(readsForEach(guard)).isEqualTo(2);
        beat();
        heat(guard);
        assertThat(readsForEach(guard)).isBetween(0.05, 0.075);
        beat();
        beat();
        assertThat(readsForEach(guard)).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void anAdaptiveDeadlineLearnsFromTheCallsThatAreTimed(Mode mode) {
        Guard guard = guard(Policies.adaptive(mode, Policies.breaker(Strategy.Adaptive.DEFAULT)));
        heat(guard);
        assertThat(readsForEach(guard)).isBetween(0.05, 0.075);
        assertThat(Objects.requireNonNull(((TargetGuard) guard).adaptiveDeadline())
                        .nanos())
                .isEqualTo(1_000_000_000L);
    }

    /** Who takes long is timed at its end, and has what it may lack at its beginning. */
    @Test
    void anAdaptiveDeadlineKnowsTheLongestOfAll() {
        Guard guard = guard(Policies.adaptive(Mode.ENFORCE, Policies.breaker(Strategy.Adaptive.DEFAULT)));
        heat(guard);
        FakeCall slow = new FakeCall();
        do {
            guard.settle(slow, Ending.OK);
            assertThat(guard.tryAcquire(slow)).isNull();
        } while (!slow.isUntimed());
        for (int i = 0; i < 9; i++) {
            beat();
            calls(guard, BUSY);
        }
        guard.settle(slow, Ending.OK);

        assertThat(guard.deadlineNanos()).isEqualTo(1_800_000_000L);
        FakeCall hung = new FakeCall();
        do {
            guard.settle(hung, Ending.OK);
            assertThat(guard.tryAcquire(hung)).isNull();
        } while (!hung.isUntimed());
        assertThat(hung.deadline() - machinery.timer().at(hung.startNanos(), 0)).isEqualTo(1_900_000_000L);
        guard.settle(hung, Ending.OK);
    }

    @Test
    void aCallWithADeadlineIsAlwaysTimed() {
        Policy policy =
                Policies.policy(Mode.ENFORCE, Policies.breaker(Strategy.Adaptive.DEFAULT), Duration.ofSeconds(1), null);
        Guard guard = guard(policy);
        heat(guard);
        assertThat(readsForEach(guard)).isGreaterThanOrEqualTo(2);
    }

    @Test
    void aLimitThatLearnsIsToldOfEachCall() {
        LimitConfig limit =
                new LimitConfig(new ConcurrencyConfig.Adaptive(2, 200), 0, LimitConfig.DEFAULT_MAX_WAIT, null);
        Guard guard = guard(Policies.limited(Mode.ENFORCE, Policies.TIME_WINDOW, limit, null, null));
        heat(guard);
        assertThat(readsForEach(guard)).isEqualTo(2);
    }

    @Test
    void aRateRefusesByTheClock() {
        LimitConfig limit = new LimitConfig(
                null, 0, LimitConfig.DEFAULT_MAX_WAIT, new RateConfig(1_000_000, RateConfig.SECOND, 70_000));
        Guard guard = guard(Policies.limited(Mode.ENFORCE, Policies.TIME_WINDOW, limit, null, null));
        for (int i = 0; i < 3; i++) {
            calls(guard, BUSY);
            beat();
        }
        calls(guard, 70_000);
        clock.advance(Duration.ofMillis(1));
        calls(guard, 1_000);
        assertThat(Objects.requireNonNull(guard.tryAcquire(call)).reason()).isEqualTo(Reason.RATE_LIMITED);
    }

    @Test
    void failuresOfABusyGuardOpenItAndEveryCallIsTimedThen() {
        Guard guard = guard(adaptive(Mode.ENFORCE));
        heat(guard);
        for (int i = 0; i < 20; i++) {
            assertThat(guard.tryAcquire(call)).isNull();
            guard.settle(call, Ending.failed(Ending.CONNECT, new IOException()));
        }
        assertThat(Objects.requireNonNull(guard.tryAcquire(call)).reason()).isEqualTo(Reason.CIRCUIT_OPEN);
        assertThat(machinery.inFlight().count()).isZero();
    }

    @Test
    void drainsUntimedCallsLikeOthers() {
        Guard guard = guard(adaptive(Mode.ENFORCE));
        heat(guard);
        FakeCall[] calls = new FakeCall[50];
        for (int i = 0; i < calls.length; i++) {
            calls[i] = new FakeCall();
            assertThat(guard.tryAcquire(calls[i])).isNull();
        }
        assertThat(calls).anyMatch(FakeCall::isUntimed);
        machinery.inFlight().endWork();
        machinery.inFlight().forEach(TargetGuard::drain);
        for (FakeCall each : calls) {
            assertThat(each.cuts).hasSize(1);
            guard.settle(each, Ending.CANCELLED);
        }
        assertThat(machinery.inFlight().count()).isZero();
    }
}
