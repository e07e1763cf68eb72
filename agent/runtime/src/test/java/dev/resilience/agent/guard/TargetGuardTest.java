package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TargetGuardTest {
    private static final URI TARGET = URI.create("http://X:8443/a");

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final FaultLog faults = new FaultLog(lines::add);
    private final Machinery machinery = Machinery.byHand(clock, recorder, faults);

    private Guard guard(Policy policy) {
        GuardRegistry registry = new GuardRegistry(Policies.set(policy), machinery, lines::add);
        return Objects.requireNonNull(registry.http("GET", TARGET));
    }

    private static Ending fault() {
        return Ending.failed(Ending.IO, new IOException("reset"));
    }

    private void trip(Guard guard) {
        for (int i = 0; i < 3; i++) {
            FakeCall call = new FakeCall();
            assertThat(guard.tryAcquire(call)).isNull();
            guard.settle(call, fault());
        }
    }

    @Nested
    class Enforcing {
        private final Guard guard = guard(Policies.policy(Mode.ENFORCE));

        @Test
        void admitsAndSettlesOnce() {
            FakeCall call = new FakeCall();

            assertThat(guard.tryAcquire(call)).isNull();
            assertThat(machinery.inFlight().count()).isEqualTo(1);
            assertThat(guard.settle(call, Ending.OK)).isNull();
            assertThat(guard.settle(call, fault())).isNull();

            assertThat(machinery.inFlight().count()).isZero();
            assertThat(recorder.verdicts()).containsExactly(Verdict.ADMITTED);
            assertThat(recorder.closed).containsExactly("answer");
        }

        @Test
        void refusesOnceTheBreakerIsOpenAndSaysWhy() {
            trip(guard);

            Refusal refusal = guard.tryAcquire(new FakeCall());

            assertThat(refusal).isNotNull();
            assertThat(refusal.reason()).isEqualTo(Reason.CIRCUIT_OPEN);
            assertThat(refusal.retryAfterNanos()).isEqualTo(Policies.OPEN_FOR.toNanos());
            assertThat(refusal.message())
                    .startsWith("resilience: call refused: circuit_open (102), policy payments, target http://x:8443, ")
                    .contains(", retry in 5s, decision ")
                    .contains(", decision " + recorder.lastDecision().id());
            assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.OPEN);
            assertThat(machinery.inFlight().count()).isZero();
        }

        @Test
        void tellsTheCallThatTrippedTheBreakerOfIt() {
            trip(guard);

            assertThat(recorder.signals)
                    .filteredOn(Signal.Transition.class::isInstance)
                    .hasSize(1);
            assertThat(recorder.ofNoCall).isEmpty();
        }

        @Test
        void tellsNobodysTransitionToTheSink() {
            recorder.tracing = false;
            trip(guard);

            assertThat(recorder.ofNoCall).hasSize(1);
        }

        @Test
        void closesAgainAfterThePulseAndItsProbes() {
            trip(guard);
            clock.advance(Policies.OPEN_FOR);
            machinery.pulse().beat();
            assertThat(recorder.ofNoCall).hasSize(1);

            for (int i = 0; i < 2; i++) {
                FakeCall probe = new FakeCall();
                assertThat(guard.tryAcquire(probe)).isNull();
                guard.settle(probe, Ending.OK);
            }

            assertThat(guard.tryAcquire(new FakeCall())).isNull();
            assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.CLOSED);
        }

        @Test
        void admitsWhenThePulseStandsStill() {
            trip(guard);
            clock.advance(Duration.ofSeconds(6));

            assertThat(guard.tryAcquire(new FakeCall())).isNull();
        }

        @Test
        void refusesEveryCallWhileDraining() {
            machinery.inFlight().close();

            Refusal refusal = guard.tryAcquire(new FakeCall());

            assertThat(refusal).isNotNull();
            assertThat(refusal.reason()).isEqualTo(Reason.DRAINING);
            assertThat(refusal.message()).contains("draining (104)");
        }

        @Test
        void letsWorkUnderWayGoOnUntilTheDrainIsOver() {
            FakeCall statement = new FakeCall();
            statement.continuing = true;
            machinery.inFlight().close();

            assertThat(guard.tryAcquire(statement)).isNull();
            assertThat(machinery.inFlight().count()).isEqualTo(1);
            guard.settle(statement, Ending.OK);
            machinery.inFlight().endWork();

            Refusal refusal = guard.tryAcquire(statement);
            assertThat(refusal).isNotNull();
            assertThat(refusal.reason()).isEqualTo(Reason.DRAINING);
            assertThat(machinery.inFlight().count()).isZero();
        }

        @Test
        void asksNoCallWhetherItContinuesWorkWhileNothingIsDrained() {
            FakeCall call = new FakeCall();

            guard.tryAcquire(call);

            assertThat(call.asked).isZero();
        }

        @Test
        void cutsWhatTheDrainLeavesAndBlamesNobody() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);

            TargetGuard.drain(call);
            TargetGuard.drain(call);
            guard.settle(call, fault());

            assertThat(call.cuts).hasSize(1);
            assertThat(call.cuts.get(0).reason()).isEqualTo(Reason.DRAINING);
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.REJECTED);
            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.DRAINING);
            assertThat(call.cuts.get(0).message())
                    .contains(", decision " + recorder.lastDecision().id());
        }

        @Test
        void takesNoCallTheTargetAnsweredForAFault() {
            for (int i = 0; i < 10; i++) {
                FakeCall call = new FakeCall();
                assertThat(guard.tryAcquire(call)).isNull();
                guard.settle(call, Ending.status(404));
            }

            assertThat(guard.tryAcquire(new FakeCall())).isNull();
        }
    }

    @Nested
    class WithADeadline {
        private final Guard guard = guard(Policies.policy(Mode.ENFORCE, null, Duration.ofMillis(300), null));

        @Test
        void cutsTheCallOnceAndSettlesItAsTimedOut() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);
            clock.advance(Duration.ofMillis(300));

            TargetGuard.expire(call);
            TargetGuard.drain(call);
            assertThat(guard.settleExpired(call, new IOException())).isNull();

            assertThat(call.cuts).hasSize(1);
            assertThat(call.cuts.get(0).message())
                    .startsWith(
                            "resilience: call cut: deadline_exhausted (100): no answer within 300ms, policy payments");
            assertThat(recorder.verdicts()).containsExactly(Verdict.ADMITTED, Verdict.TIMED_OUT);
            assertThat(recorder.lastDecision().original()).isEqualTo("java.io.IOException");
            assertThat(call.cuts.get(0).message())
                    .contains(", decision " + recorder.lastDecision().id());
        }

        @Test
        void isKeptByTheThreadThatWaitsToo() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);
            assertThat(guard.cutIfDue(call)).isEqualTo(Duration.ofMillis(300).toNanos());
            clock.advance(Duration.ofMillis(299));
            assertThat(guard.cutIfDue(call)).isEqualTo(Duration.ofMillis(1).toNanos());
            assertThat(call.cuts).isEmpty();

            clock.advance(Duration.ofMillis(1));
            assertThat(guard.cutIfDue(call)).isEqualTo(Long.MAX_VALUE);
            machinery.timer().turn();
            assertThat(guard.cutIfDue(call)).isEqualTo(Long.MAX_VALUE);
            assertThat(call.cuts)
                    .singleElement()
                    .satisfies(cut -> assertThat(cut.message()).contains("no answer within 300ms"));
        }

        @Test
        void isKeptByTheTimerWhereTheThreadThatWaitsDoesNotWake() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);
            guard.cutIfDue(call);

            isCutAfter(320, call);
        }

        @Test
        void isKeptByTheTimerAgainOnceNobodyWaits() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);
            guard.cutIfDue(call);
            guard.isLeft(call);

            isCutAfter(300, call);
        }

        /** By the timer, and not a millisecond sooner. */
        private void isCutAfter(long millis, FakeCall call) {
            clock.advance(Duration.ofMillis(millis - 1));
            machinery.timer().turn();
            assertThat(call.cuts).isEmpty();

            clock.advance(Duration.ofMillis(1));
            machinery.timer().turn();
            assertThat(call.cuts).hasSize(1);
        }

        /** A fortieth of it at most, and a tenth of a second, however long the cancel takes. */
        @Test
        void isKeptWithACancelThatTakesItsTime() {
            FakeCall call = new FakeCall();
            call.cancelNanos = Duration.ofMillis(3).toNanos();
            guard.tryAcquire(call);
            isCutAfter(297, call);
            assertThat(call.cuts.get(0).message()).contains("no answer within 300ms");

            FakeCall slow = new FakeCall();
            slow.cancelNanos = Duration.ofSeconds(3).toNanos();
            guard.tryAcquire(slow);
            clock.advance(Duration.ofMillis(292));
            machinery.timer().turn();
            assertThat(slow.cuts).isEmpty();
            clock.advance(Duration.ofNanos(500_000));
            machinery.timer().turn();
            assertThat(slow.cuts).hasSize(1);

            Guard patient = guard(Policies.policy(Mode.ENFORCE, null, Duration.ofSeconds(10), null));
            FakeCall slower = new FakeCall();
            slower.cancelNanos = Duration.ofSeconds(3).toNanos();
            patient.tryAcquire(slower);
            isCutAfter(9_900, slower);
        }

        @Test
        void isNothingToWaitForWhereThereIsNone() {
            FakeCall call = new FakeCall();
            Guard free = guard(Policies.policy(Mode.ENFORCE, null, null, null));
            free.tryAcquire(call);
            assertThat(free.cutIfDue(call)).isEqualTo(Long.MAX_VALUE);
            free.settle(call, Ending.OK);
            assertThat(free.cutIfDue(call)).isEqualTo(Long.MAX_VALUE);
        }

        @Test
        void givesACallOfAKindThatNeedsMoreWhatItNeeds() {
            FakeCall call = new FakeCall();
            call.least = Duration.ofSeconds(5).toNanos();
            guard.tryAcquire(call);

            clock.advance(Duration.ofMillis(4_999));
            machinery.timer().turn();
            assertThat(call.cuts).isEmpty();
            clock.advance(Duration.ofMillis(1));
            machinery.timer().turn();

            assertThat(call.cuts.get(0).message()).contains("no answer within 5s");
        }

        @Test
        void cutsNothingThatIsOver() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);
            guard.settle(call, Ending.OK);

            TargetGuard.expire(call);

            assertThat(call.cuts).isEmpty();
            assertThat(call.deadline()).isEqualTo(DeadlineTimer.NEVER);
        }
    }

    @Nested
    class WithAnAdaptiveDeadline {
        private final Guard guard = guard(Policies.adaptive(Mode.ENFORCE));

        private FakeCall begin() {
            FakeCall call = new FakeCall();
            assertThat(guard.tryAcquire(call)).isNull();
            return call;
        }

        private void succeed(Guard of, int calls, Duration each) {
            for (int i = 0; i < calls; i++) {
                FakeCall call = new FakeCall();
                of.tryAcquire(call);
                clock.advance(each);
                of.settle(call, Ending.OK);
            }
        }

        private void after(Duration time) {
            clock.advance(time);
            machinery.timer().turn();
        }

        @Test
        void givesAMinuteUntilItKnows() {
            FakeCall call = begin();

            after(Duration.ofSeconds(60).minusNanos(1));
            assertThat(call.cuts).isEmpty();
            after(Duration.ofNanos(1));
            assertThat(call.cuts.get(0).message()).contains("no answer within 60s");
        }

        @Test
        void givesFourTimesWhatOthersNeeded() {
            succeed(guard, 100, Duration.ofMillis(500));
            FakeCall call = begin();

            after(Duration.ofMillis(1_999));
            assertThat(call.cuts).isEmpty();
            after(Duration.ofMillis(1));
            assertThat(call.cuts.get(0).reason()).isEqualTo(Reason.DEADLINE_EXHAUSTED);
            assertThat(call.cuts.get(0).message()).contains("no answer within 2s");
        }

        /** It was measured; one that was written down is when the caller has the answer. */
        @Test
        void isNotShortenedByWhatACancelTakes() {
            succeed(guard, 100, Duration.ofMillis(500));
            FakeCall call = new FakeCall();
            call.cancelNanos = Duration.ofMillis(20).toNanos();
            guard.tryAcquire(call);

            after(Duration.ofMillis(1_999));
            assertThat(call.cuts).isEmpty();
            after(Duration.ofMillis(1));
            assertThat(call.cuts).hasSize(1);
        }

        @Test
        void isOverOnceTheTargetAnswers() {
            succeed(guard, 100, Duration.ofMillis(10));
            FakeCall call = begin();

            guard.answering(call);
            after(Duration.ofHours(1));

            assertThat(call.cuts).isEmpty();
            assertThat(guard.isDeadlineAdaptive()).isTrue();
        }

        @Test
        void learnsHowLongTheTargetTakesToAnswerNotToSpeak() {
            for (int i = 0; i < 100; i++) {
                FakeCall call = begin();
                clock.advance(Duration.ofMillis(500));
                guard.answering(call);
                clock.advance(Duration.ofHours(1));
                guard.settle(call, Ending.OK);
            }

            assertThat(Duration.ofNanos(guard.deadlineNanos())).isEqualTo(Duration.ofSeconds(2));
        }

        @ParameterizedTest
        @EnumSource(names = {"ENFORCE", "OBSERVE"})
        void isNotForStreamsAndLearnsNothingFromThem(Mode mode) {
            GuardRegistry registry = new GuardRegistry(Policies.set(Policies.adaptive(mode)), machinery, lines::add);
            TargetGuard one = (TargetGuard) Objects.requireNonNull(registry.http("GET", TARGET));
            succeed(one, 100, Duration.ofMillis(10));
            FakeCall stream = new FakeCall();
            stream.stream = true;
            one.tryAcquire(stream);
            clock.advance(Duration.ofHours(2));
            one.settle(stream, Ending.OK);

            assertThat(Objects.requireNonNull(one.adaptiveDeadline()).nanos()).isEqualTo(1_000_000_000L);
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.ADMITTED);
            assertThat(registry.wouldHaveLost()).isZero();
        }

        @Test
        void learnsNothingFromACallThatWasUnderWayWhileOurOwnProcessStoodStill() {
            BreakerConfig breaker = Policies.breaker(Strategy.Adaptive.DEFAULT);
            Guard breaking = guard(Policies.adaptive(Mode.ENFORCE, breaker));
            succeed(breaking, 100, Duration.ofMillis(10));

            succeed(breaking, 1, Duration.ofMinutes(10));

            assertThat(breaking.deadlineNanos()).isEqualTo(1_000_000_000L);
        }

        @Test
        void thatWasMovedIsNotOver() {
            succeed(guard, 100, Duration.ofMillis(10));
            FakeCall call = begin();
            clock.advance(Duration.ofSeconds(1));
            guard.answering(call); // after the table was read, and before the call is

            TargetGuard.expire(call);

            assertThat(call.cuts).isEmpty();
            assertThat(call.deadline()).isEqualTo(DeadlineTimer.NEVER);
        }

        /** The timer is as late as the process was, and in that time no answer could be seen. */
        @Test
        void givesACallBackTheTimeInWhichOurOwnProcessStoodStill() {
            succeed(guard, 100, Duration.ofMillis(10));
            FakeCall call = begin();

            after(Duration.ofSeconds(3));
            assertThat(call.cuts).isEmpty();
            after(Duration.ofMillis(1_999));
            assertThat(call.cuts).isEmpty();
            after(Duration.ofMillis(1));
            assertThat(call.cuts).hasSize(1);
        }

        @Test
        void saysOfWhatItOnlyObservesWhatItWouldHaveCut() {
            GuardRegistry registry =
                    new GuardRegistry(Policies.set(Policies.adaptive(Mode.OBSERVE)), machinery, lines::add);
            Guard observing = Objects.requireNonNull(registry.http("GET", TARGET));
            succeed(observing, 100, Duration.ofMillis(10));
            assertThat(registry.wouldHaveLost()).isZero();

            succeed(observing, 1, Duration.ofSeconds(3));

            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.WOULD_TIME_OUT);
            assertThat(recorder.lastDecision().counts()).isEqualTo("lost=1");
            assertThat(registry.wouldHaveLost()).isOne();
            succeed(observing, 1, Duration.ofSeconds(3));
            assertThat(registry.wouldHaveLost()).isOne();
        }

        @Test
        void remembersWhatItLearnedOverAReload() {
            GuardRegistry registry =
                    new GuardRegistry(Policies.set(Policies.adaptive(Mode.ENFORCE)), machinery, lines::add);
            succeed(Objects.requireNonNull(registry.http("GET", TARGET)), 100, Duration.ofMillis(500));

            registry.reload(Policies.set(Policies.adaptive(Mode.ENFORCE)));

            assertThat(Objects.requireNonNull(registry.http("GET", TARGET)).deadlineNanos())
                    .isEqualTo(2_000_000_000L);
        }

        @Test
        void remembersItOverReloadsWithoutACallInBetween() {
            GuardRegistry registry =
                    new GuardRegistry(Policies.set(Policies.adaptive(Mode.ENFORCE)), machinery, lines::add);
            succeed(Objects.requireNonNull(registry.http("GET", TARGET)), 100, Duration.ofMillis(500));

            registry.reload(Policies.set(Policies.adaptive(Mode.ENFORCE)));
            registry.reload(Policies.set(Policies.adaptive(Mode.ENFORCE)));

            assertThat(Objects.requireNonNull(registry.http("GET", TARGET)).deadlineNanos())
                    .isEqualTo(2_000_000_000L);
        }

        @Test
        void forgetsItForAnotherPolicyOfThatName() {
            GuardRegistry registry =
                    new GuardRegistry(Policies.set(Policies.adaptive(Mode.ENFORCE)), machinery, lines::add);
            succeed(Objects.requireNonNull(registry.http("GET", TARGET)), 100, Duration.ofMillis(500));

            registry.reload(Policies.set(Policies.adaptive(Mode.ENFORCE, Policies.BREAKER)));

            assertThat(Objects.requireNonNull(registry.http("GET", TARGET)).deadlineNanos())
                    .isEqualTo(60_000_000_000L);
        }

        @Test
        void hasNoneForADatabase() {
            GuardRegistry registry =
                    new GuardRegistry(Policies.set(Policies.adaptive(Mode.ENFORCE)), machinery, lines::add);

            assertThat(Objects.requireNonNull(registry.jdbc("jdbc:h2:mem:x", null))
                            .deadlineNanos())
                    .isZero();
            assertThat(Objects.requireNonNull(registry.grpc("x:1", "a.B/C")).deadlineNanos())
                    .isEqualTo(60_000_000_000L);
        }
    }

    @Nested
    class WithAFallback {
        private final Guard guard = guard(Policies.policy(Mode.ENFORCE, Policies.BREAKER, null, Policies.ANSWER));

        @Test
        void answersAFaultOfTheTarget() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);

            Fallback fallback = guard.settle(call, fault());
            assertThat(fallback).isNotNull();
            clock.advance(Duration.ofMillis(7));
            fallback.served();
            fallback.failed(new IOException());

            assertThat(recorder.signals)
                    .filteredOn(Signal.FallbackExecuted.class::isInstance)
                    .singleElement()
                    .satisfies(signal -> assertThat(((Signal.FallbackExecuted) signal).latencyNanos())
                            .isEqualTo(7_000_000));
            assertThat(recorder.verdicts()).containsExactly(Verdict.ADMITTED, Verdict.FALLBACK);
            assertThat(recorder.closed).containsExactly("answer");
        }

        @Test
        void answersARefusalUnderTheSameDecision() {
            trip(guard);
            Refusal refusal = guard.tryAcquire(new FakeCall());
            assertThat(refusal).isNotNull();
            int before = recorder.verdicts().size();

            Objects.requireNonNull(refusal.fallback()).served();

            assertThat(recorder.verdicts()).hasSize(before + 1);
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.FALLBACK);
            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.CIRCUIT_OPEN);
            assertThat(refusal.message())
                    .contains(", decision " + recorder.lastDecision().id());
        }

        @Test
        void tellsTheRefusalWhenTheAnswerCannotBeGiven() {
            trip(guard);
            Refusal refusal = guard.tryAcquire(new FakeCall());
            assertThat(refusal).isNotNull();
            int before = recorder.verdicts().size();

            Objects.requireNonNull(refusal.fallback()).failed(new IOException());

            assertThat(recorder.verdicts()).hasSize(before + 1);
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.REJECTED);
            assertThat(refusal.message())
                    .contains(", decision " + recorder.lastDecision().id());
        }

        @Test
        void answersADeadlineAsOneDecision() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);

            Objects.requireNonNull(guard.settleExpired(call, new IOException())).served();

            assertThat(recorder.verdicts()).containsExactly(Verdict.ADMITTED, Verdict.FALLBACK);
            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.DEADLINE_EXHAUSTED);
        }

        @Test
        void answersNoBusinessError() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);

            assertThat(guard.settle(call, Ending.status(404))).isNull();
        }
    }

    @Nested
    class Observing {
        private final Guard guard =
                guard(Policies.policy(Mode.OBSERVE, Policies.BREAKER, Duration.ofMillis(300), Policies.ANSWER));

        @Test
        void changesNothing() {
            assertThat(guard.enforces()).isFalse();
            assertThat(guard.deadlineNanos()).isZero();
            machinery.inFlight().close();
            FakeCall call = new FakeCall();

            assertThat(guard.tryAcquire(call)).isNull();
            assertThat(call.deadline()).isEqualTo(DeadlineTimer.NEVER);
            assertThat(guard.settle(call, fault())).isNull();
        }

        @Test
        void saysWhatItWouldRefuseAndCountsWhatThatWouldHaveCost() {
            trip(guard);
            FakeCall good = new FakeCall();
            assertThat(guard.tryAcquire(good)).isNull();
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.WOULD_REJECT);
            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.CIRCUIT_OPEN);
            guard.settle(good, Ending.OK);
            FakeCall bad = new FakeCall();
            guard.tryAcquire(bad);
            guard.settle(bad, fault());

            assertThat(((TargetGuard) guard).wouldHaveLost()).isEqualTo(1);
        }

        @Test
        void saysWhatItWouldCut() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);
            clock.advance(Duration.ofMillis(301));
            guard.settle(call, Ending.OK);

            assertThat(recorder.verdicts()).containsExactly(Verdict.ADMITTED, Verdict.WOULD_TIME_OUT);
        }

        @Test
        void runsTheWholeMachineOnWhatHappens() {
            trip(guard);
            clock.advance(Policies.OPEN_FOR);
            machinery.pulse().beat();
            for (int i = 0; i < 2; i++) {
                FakeCall probe = new FakeCall();
                guard.tryAcquire(probe);
                guard.settle(probe, Ending.OK);
            }
            guard.tryAcquire(new FakeCall());

            assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.CLOSED);
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.ADMITTED);
        }
    }

    @Nested
    class Redirecting {
        private final Guard guard =
                guard(Policies.policy(Mode.REDIRECT, Policies.BREAKER, Duration.ofMillis(300), Policies.ANSWER));

        @Test
        void refusesNothingAndHasNoDeadline() {
            trip(guard);

            assertThat(guard.tryAcquire(new FakeCall())).isNull();
            assertThat(guard.deadlineNanos()).isZero();
        }

        @Test
        void answersFaults() {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);

            assertThat(guard.settle(call, fault())).isNotNull();
        }

        @Test
        void onlyReportsWithoutAnAnswerToGive() {
            assertThat(guard(Policies.policy(Mode.REDIRECT)).enforces()).isFalse();
        }
    }

    @Nested
    class WithFaultsOfOurOwn {
        @Test
        void keepsProtectingWhenTelemetryFails() {
            Machinery broken = Machinery.byHand(clock, new BrokenSink(), faults);
            GuardRegistry registry = new GuardRegistry(Policies.set(Policies.policy(Mode.ENFORCE)), broken, lines::add);
            Guard guard = Objects.requireNonNull(registry.http("GET", TARGET));

            trip(guard);

            assertThat(guard.tryAcquire(new FakeCall())).isNotNull();
            assertThat(lines)
                    .containsExactly(
                            "resilience: fault at telemetry/open: java.lang.AssertionError: broken;"
                                    + " calls go on unguarded there",
                            "resilience: fault at telemetry/signal: java.lang.AssertionError: broken;"
                                    + " calls go on unguarded there");
            assertThat(faults.bySite()).containsEntry("telemetry/open", 4L);
        }

        @Test
        void letsTheCallPassWhenTheClockFails() {
            Guard guard = guard(Policies.policy(Mode.ENFORCE));
            Machinery broken = Machinery.byHand(clock, recorder, faults);
            GuardRegistry registry = new GuardRegistry(
                    Policies.set(Policies.policy(Mode.ENFORCE, null, null, null)),
                    new Machinery(
                            () -> {
                                throw new AssertionError("no time");
                            },
                            recorder,
                            faults,
                            broken.inFlight(),
                            broken.streams(),
                            broken.limits(),
                            broken.timer(),
                            broken.canceller(),
                            broken.leaks(),
                            broken.pulse(),
                            broken.ids(),
                            broken.snapshots()),
                    lines::add);
            Guard timeless = Objects.requireNonNull(registry.http("GET", TARGET));
            FakeCall call = new FakeCall();

            assertThat(timeless.tryAcquire(call)).isNull();
            assertThat(timeless.settle(call, Ending.OK)).isNull();
            assertThat(faults.total()).isEqualTo(1);
            assertThat(guard.tryAcquire(new FakeCall())).isNull();
        }
    }

    private static final class BrokenSink implements Sink {
        @Override
        public Trace open(Subject subject) {
            throw new AssertionError("broken");
        }

        @Override
        public void accept(Signal signal) {
            throw new AssertionError("broken");
        }
    }
}
