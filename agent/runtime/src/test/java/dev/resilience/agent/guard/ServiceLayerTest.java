package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.signal.Signal;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Layers;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Refusal;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Four instances of one service under one policy. */
class ServiceLayerTest {
    private static final BreakerConfig LAYERED = Policies.BREAKER.below(new Layers(true, 0.5, null));

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final Machinery machinery = Machinery.byHand(clock, recorder, new FaultLog(lines::add));
    private final GuardRegistry registry =
            new GuardRegistry(Policies.set(Policies.policy(Mode.ENFORCE, LAYERED, null, null)), machinery, lines::add);

    private TargetGuard guard(int instance) {
        return (TargetGuard) Objects.requireNonNull(registry.http("GET", URI.create("http://stock-" + instance + "/")));
    }

    private boolean call(int instance, int status) {
        FakeCall call = new FakeCall();
        TargetGuard guard = guard(instance);
        Refusal refusal = guard.tryAcquire(call);
        if (refusal == null) {
            guard.settle(call, Ending.status(status));
        }
        return refusal == null;
    }

    private void fail(int... instances) {
        for (int instance : instances) {
            for (int i = 0; i < 3; i++) {
                call(instance, 503);
            }
        }
    }

    private void beats(int times) {
        for (int i = 0; i < times; i++) {
            clock.advance(Duration.ofMillis(100));
            machinery.pulse().beat();
        }
    }

    private List<BreakerState> states() {
        return List.of(0, 1, 2, 3).stream()
                .map(instance ->
                        Objects.requireNonNull(guard(instance).circuit()).state())
                .toList();
    }

    @Test
    void refusesHalfOfThemAndSaysOfTheOthersThatTheyAreSpared() {
        for (int i = 0; i < 4; i++) {
            call(i, 200);
        }
        fail(0, 1, 2);
        beats(1);

        assertThat(call(0, 200)).isFalse();
        assertThat(recorder.lastDecision().layer()).isEqualTo("instance");
        assertThat(call(3, 200)).isTrue();
        assertThat(recorder.lastDecision().counts()).isNull();
        assertThat(call(2, 503)).isTrue();
        assertThat(recorder.lastDecision().verdict()).isEqualTo(Signal.Verdict.ADMITTED);
        assertThat(recorder.lastDecision().counts()).isEqualTo("spared by max-ejection: failures=3 in a row");
        assertThat(lines).isEmpty();
    }

    @Test
    void refusesAllOnceNoneWorksAndNamesTheLayer() {
        fail(0, 1, 2, 3);
        beats(1);

        assertThat(states()).containsOnly(BreakerState.OPEN);
        assertThat(call(2, 200)).isFalse();
        assertThat(recorder.lastDecision().layer()).isEqualTo("service");
        assertThat(recorder.lastDecision().counts()).isEqualTo("service: none of 4 instances works");
        beats(1);
        assertThat(recorder.ofNoCall)
                .filteredOn(Signal.Transition.class::isInstance)
                .extracting(signal -> ((Signal.Transition) signal).counts())
                .containsOnly("service: none of 4 instances works");
    }

    @Test
    void givesThePlacesOfInstancesThatNobodyCallsToThoseThatAreCalled() {
        for (int i = 0; i < 4; i++) {
            call(i, 200);
        }
        fail(0, 1, 2);
        for (int second = 0; second < 25; second++) {
            beats(10);
            call(2, 503);
            call(3, 200);
            registry.leave();
        }

        assertThat(states().subList(2, 4)).containsExactly(BreakerState.OPEN, BreakerState.CLOSED);
    }

    @Test
    void keepsTheServiceOverAReload() {
        for (int i = 0; i < 4; i++) {
            call(i, 200);
        }
        fail(0, 1);
        registry.reload(Policies.set(Policies.policy(Mode.ENFORCE, LAYERED, Duration.ofSeconds(1), Policies.ANSWER)));
        fail(2);
        beats(1);

        assertThat(states())
                .containsExactly(BreakerState.OPEN, BreakerState.OPEN, BreakerState.CLOSED, BreakerState.CLOSED);
    }

    @Test
    void countsAnInstanceThatIsCalledAgainAfterAReload() {
        for (int i = 0; i < 4; i++) {
            call(i, 200);
        }
        registry.reload(Policies.set(Policies.policy(Mode.ENFORCE, LAYERED, Duration.ofSeconds(1), Policies.ANSWER)));
        beats(10);
        registry.leave();
        for (int i = 0; i < 4; i++) {
            call(i, 200);
        }
        fail(0, 1, 2);

        assertThat(states())
                .containsExactly(BreakerState.OPEN, BreakerState.OPEN, BreakerState.CLOSED, BreakerState.CLOSED);
    }

    @Test
    void forgetsTheServiceWithItsLastInstance() {
        fail(0);
        registry.reload(Policies.set(Policies.policy(Mode.ENFORCE)));

        assertThat(machinery.pulse().services()).isEmpty();
        fail(0, 1);
        beats(1);
        assertThat(states().subList(0, 2)).containsOnly(BreakerState.OPEN);
    }
}
