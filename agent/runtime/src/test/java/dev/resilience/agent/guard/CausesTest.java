package dev.resilience.agent.guard;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Signal.Origin;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.engine.BreakerState;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a call that is refused or cut says of it: how long that took, and what it followed from. */
class CausesTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private Machinery machinery = machinery(clock);

    private Machinery machinery(LongSupplier nanoClock) {
        return Machinery.byHand(nanoClock, recorder, new FaultLog(line -> {}));
    }

    private Guard guard(Policy policy) {
        GuardRegistry registry = new GuardRegistry(Policies.set(policy), machinery, line -> {});
        return requireNonNull(registry.http("GET", URI.create("http://x/")));
    }

    private static void fail(Guard guard, int calls) {
        for (int i = 0; i < calls; i++) {
            FakeCall call = new FakeCall();
            assertThat(guard.tryAcquire(call)).isNull();
            guard.settle(call, Ending.failed(Ending.IO, new IOException()));
        }
    }

    private static Refusal refused(Guard guard) {
        return requireNonNull(guard.tryAcquire(new FakeCall()));
    }

    private Origin origin() {
        return requireNonNull(recorder.lastDecision().origin());
    }

    private List<Signal.Transition> transitions() {
        return java.util.stream.Stream.concat(recorder.signals.stream(), recorder.ofNoCall.stream())
                .filter(Signal.Transition.class::isInstance)
                .map(Signal.Transition.class::cast)
                .toList();
    }

    private FakeCall cutAfter(Guard guard, Duration time) {
        FakeCall call = new FakeCall();
        assertThat(guard.tryAcquire(call)).isNull();
        clock.advance(time);
        machinery.timer().turn();
        assertThat(call.cuts).hasSize(1);
        return call;
    }

    @Nested
    class OfAnOpenCircuit {
        private final Guard guard = guard(Policies.policy(Mode.ENFORCE));

        @Test
        void areTheDecisionThatOpenedItWhenThatWasAndItsCounts() {
            Instant before = Instant.now().minusMillis(1);
            fail(guard, 3);
            Signal.Transition opened = transitions().get(0);
            String message = refused(guard).message();

            assertThat(opened.id()).matches("[0-9a-f]{16}");
            assertThat(opened.followedFrom()).isNull();
            assertThat(origin().what()).isEqualTo("circuit_opened");
            assertThat(origin().id())
                    .isEqualTo(opened.id())
                    .isNotEqualTo(recorder.lastDecision().id());
            assertThat(origin().why()).isEqualTo("failures=3 in a row").isEqualTo(opened.counts());
            assertThat(Instant.parse(requireNonNull(origin().time()))).isBetween(before, Instant.now());
            assertThat(message)
                    .endsWith(", decision " + recorder.lastDecision().id() + ", followed from decision " + opened.id()
                            + " that opened the circuit at " + origin().time());
        }

        @Test
        void areReadWithoutATraceAsWell() {
            recorder.tracing = false;
            fail(guard, 3);
            Refusal refusal = refused(guard);
            String message = refusal.message();
            clock.advance(Policies.OPEN_FOR);
            machinery.pulse().beat();

            assertThat(message)
                    .contains(", followed from decision " + transitions().get(0).id() + " that opened");
            assertThat(refusal.message()).as("read later").isEqualTo(message);
        }

        @Test
        void goOnFromTransitionToTransition() {
            fail(guard, 3);
            clock.advance(Policies.OPEN_FOR);
            machinery.pulse().beat();
            for (int i = 0; i < 2; i++) {
                assertThat(guard.tryAcquire(new FakeCall())).as("a probe").isNull();
            }
            refused(guard);

            Signal.Transition opened = transitions().get(0);
            Signal.Transition probing = transitions().get(1);
            assertThat(probing.to()).isEqualTo(BreakerState.HALF_OPEN);
            assertThat(probing.followedFrom()).isEqualTo(opened.id());
            assertThat(origin().what()).isEqualTo("circuit_half_opened");
            assertThat(origin().id()).isEqualTo(probing.id());
        }

        @Test
        void nameTheTraceOfTheCall() {
            recorder.traceId = TRACE;
            fail(guard, 3);

            assertThat(refused(guard).message())
                    .contains(", decision " + recorder.lastDecision().id() + ", trace " + TRACE + ", followed from");
        }

        @Test
        void areKnownOfACallThatWouldBeRefused() {
            Guard observing = guard(Policies.policy(Mode.OBSERVE));
            fail(observing, 3);
            observing.tryAcquire(new FakeCall());

            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.WOULD_REJECT);
            assertThat(origin().what()).isEqualTo("circuit_opened");
        }
    }

    @Nested
    class OfADeadline {
        @Test
        void areThePolicyAndHowLongTheCallTook() {
            recorder.traceId = TRACE;
            Guard guard = guard(Policies.policy(Mode.ENFORCE, null, Duration.ofMillis(300), null));
            FakeCall call = cutAfter(guard, Duration.ofMillis(302));
            clock.advance(Duration.ofMillis(1));
            guard.settleExpired(call, new IOException());

            assertThat(call.cuts.get(0).message())
                    .startsWith(
                            "resilience: call cut: deadline_exhausted (100): no answer within 300ms, policy payments,"
                                    + " target http://x:80, decision "
                                    + recorder.lastDecision().id())
                    .endsWith(", after 302ms, trace " + TRACE + ", followed from the policy deadline (300ms)");
            assertThat(recorder.lastDecision().elapsedNanos()).isEqualTo(303_000_000);
            assertThat(origin()).isEqualTo(new Origin("policy_deadline", null, null, "300ms"));
        }

        @Test
        void areWhatAnAdaptiveOneIsMeasuredBy() {
            Guard guard = guard(Policies.adaptive(Mode.ENFORCE));
            FakeCall first = cutAfter(guard, Duration.ofSeconds(60));
            guard.settleExpired(first, new IOException());
            assertThat(first.cuts.get(0).message()).endsWith(", followed from the adaptive deadline (successes=0/100)");
            for (int i = 0; i < 100; i++) {
                FakeCall call = new FakeCall();
                guard.tryAcquire(call);
                clock.advance(Duration.ofMillis(500));
                guard.settle(call, Ending.OK);
            }

            FakeCall second = cutAfter(guard, Duration.ofSeconds(2));
            guard.settleExpired(second, new IOException());

            assertThat(second.cuts.get(0).message())
                    .endsWith(", after 2s, followed from the adaptive deadline (p99=500ms, longest=500ms)");
            assertThat(origin()).isEqualTo(new Origin("adaptive_deadline", null, null, "p99=500ms, longest=500ms"));
        }

        @Test
        void areThoseOfOneThatALibraryEnforces() {
            Guard guard = guard(Policies.policy(Mode.ENFORCE, null, Duration.ofMillis(300), null));
            FakeCall call = new FakeCall();
            call.timedByLibrary = true;
            guard.tryAcquire(call);
            clock.advance(Duration.ofMillis(301));
            Refusal said = requireNonNull(guard.expired(call));
            guard.settleExpired(call, new IOException());

            assertThat(said.message())
                    .contains(", decision " + recorder.lastDecision().id() + ", after 301ms, ");
            assertThat(guard.expired(call)).as("once it is over").isNull();

            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.TIMED_OUT);
            assertThat(recorder.lastDecision().elapsedNanos()).isEqualTo(301_000_000);
            assertThat(origin().what()).isEqualTo("policy_deadline");
        }

        @Test
        void areNotOursWhereItIsInherited() {
            Guard guard = guard(Policies.policy(Mode.ENFORCE, null, Duration.ofMillis(300), null));
            FakeCall call = new FakeCall();
            call.timedByLibrary = true;
            guard.tryAcquire(call);
            clock.advance(Duration.ofMillis(20));
            call.inheritsDeadline(true);
            guard.settle(call, Ending.failed("DEADLINE_EXCEEDED", new IOException()));

            assertThat(recorder.verdicts()).containsExactly(Verdict.ADMITTED, Verdict.ADMITTED);
            assertThat(recorder.lastDecision().reason()).isNull();
            assertThat(recorder.lastDecision().isPlain()).isFalse();
            assertThat(recorder.lastDecision().elapsedNanos()).isEqualTo(20_000_000);
            assertThat(origin().what()).isEqualTo("inherited_deadline");
        }
    }

    @Nested
    class OfADrain {
        private final Guard guard = guard(Policies.policy(Mode.ENFORCE));

        @Test
        void areWhenItBegan() {
            machinery.inFlight().close();
            machinery.inFlight().endWork();
            String message = refused(guard).message();

            assertThat(origin().what()).isEqualTo("drain_began");
            assertThat(message).endsWith(", followed from the drain that began at " + origin().time());
        }

        @Test
        void areTheSameForWhatItCuts() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);
            machinery.inFlight().endWork();
            clock.advance(Duration.ofSeconds(3));
            TargetGuard.drain(call);
            guard.settle(call, Ending.CANCELLED);

            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.DRAINING);
            assertThat(recorder.lastDecision().elapsedNanos()).isEqualTo(3_000_000_000L);
            assertThat(call.cuts.get(0).message())
                    .endsWith(", after 3s, followed from the drain that began at " + origin().time());
        }
    }

    @Nested
    class OfAFullLimit {
        private Refusal refusedAfter(Duration maxWait, int queue) {
            machinery = machinery(System::nanoTime);
            Guard guard = guard(Policies.limited(Mode.ENFORCE, null, Policies.atOnce(1, queue, maxWait), null, null));
            guard.tryAcquire(new FakeCall());
            FakeCall patient = new FakeCall();
            patient.patience = Long.MAX_VALUE;
            return requireNonNull(guard.tryAcquire(patient));
        }

        @Test
        void areHowLongTheCallWaitedInTheQueue() {
            assertThat(refusedAfter(Duration.ofMillis(20), 1).message())
                    .contains(", in flight=1/1, decision ")
                    .containsPattern(", waited [0-9.]+m?s$");
            assertThat(recorder.lastDecision().elapsedNanos()).isGreaterThanOrEqualTo(20_000_000);
        }

        @Test
        void areNothingMoreWhereItDidNotWait() {
            assertThat(refusedAfter(Duration.ofMillis(20), 0).message()).matches(".*, decision [0-9a-f]{16}");
            assertThat(recorder.lastDecision().elapsedNanos()).isZero();
            assertThat(recorder.lastDecision().origin()).isNull();
        }
    }
}
