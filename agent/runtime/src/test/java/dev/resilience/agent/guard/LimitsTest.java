package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.LimitConfig;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.RateConfig;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class LimitsTest {
    private static final URI TARGET = URI.create("http://X:8443/a");
    private static final Duration LONG = Duration.ofSeconds(20);

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final FaultLog faults = new FaultLog(lines::add);
    private final Machinery machinery = Machinery.byHand(clock, recorder, faults);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private GuardRegistry registry =
            new GuardRegistry(Policies.set(Policies.policy(Mode.ENFORCE)), machinery, lines::add);

    @AfterEach
    void stop() {
        threads.shutdownNow();
        assertThat(lines).isEmpty();
    }

    private Guard guard(Policy policy) {
        registry.reload(Policies.set(policy));
        return Objects.requireNonNull(registry.http("GET", TARGET));
    }

    private Guard guard(LimitConfig limit) {
        return guard(Policies.limited(Mode.ENFORCE, Policies.BREAKER, limit, null, null));
    }

    private static Guard admit(Guard guard, FakeCall... calls) {
        for (FakeCall call : calls) {
            assertThat(guard.tryAcquire(call)).isNull();
        }
        return guard;
    }

    private static Refusal refused(Guard guard) {
        return Objects.requireNonNull(guard.tryAcquire(new FakeCall()));
    }

    private int atOnceFrom(Guard guard) {
        List<FakeCall> calls = new ArrayList<>();
        while (calls.size() < 100) {
            FakeCall call = new FakeCall();
            if (guard.tryAcquire(call) != null) {
                break;
            }
            calls.add(call);
        }
        calls.forEach(call -> guard.settle(call, Ending.OK));
        return calls.size();
    }

    @Nested
    class OfARate {
        private final Guard guard = guard(Policies.perSecond(2));

        @Test
        void refusesWhatIsTooMuchAndSaysWhenToComeBack() {
            admit(guard, new FakeCall(), new FakeCall());
            clock.advance(Duration.ofMillis(100));

            Refusal refusal = refused(guard);

            assertThat(refusal.reason()).isEqualTo(Reason.RATE_LIMITED);
            assertThat(refusal.retryAfterNanos()).isEqualTo(400_000_000);
            assertThat(refusal.message())
                    .startsWith("resilience: call refused: rate_limited (101), policy payments, target http://x:8443,"
                            + " rate=2/s, burst=2, retry in 400ms, decision ");
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.REJECTED);
            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.RATE_LIMITED);
            clock.advance(Duration.ofMillis(400));
            admit(guard, new FakeCall());
        }

        @Test
        void countsCallsThatBeginWhateverBecomesOfThem() {
            for (int i = 0; i < 2; i++) {
                FakeCall call = new FakeCall();
                admit(guard, call);
                guard.settle(call, Ending.CANCELLED);
            }

            assertThat(refused(guard).reason()).isEqualTo(Reason.RATE_LIMITED);
        }

        @Test
        void leavesAConnectionBeingOpenedAlone() {
            admit(guard, new FakeCall(), new FakeCall());
            FakeCall opening = new FakeCall();
            opening.limited = false;

            admit(guard, opening);
        }

        @Test
        void takesNoProbeOfAHalfOpenBreaker() {
            Guard slow = guard(Policies.perSecond(1));
            for (int i = 0; i < 3; i++) {
                clock.advance(Duration.ofSeconds(1));
                FakeCall call = new FakeCall();
                admit(slow, call);
                slow.settle(call, Ending.failed(Ending.IO, new IOException()));
            }
            clock.advance(Policies.OPEN_FOR);
            machinery.pulse().beat();
            admit(slow, new FakeCall());

            for (int i = 0; i < 5; i++) {
                assertThat(refused(slow).reason()).isEqualTo(Reason.RATE_LIMITED);
            }
            clock.advance(Duration.ofSeconds(1));
            admit(slow, new FakeCall());
            assertThat(refused(slow).reason()).isEqualTo(Reason.CIRCUIT_OPEN);
        }

        @Test
        void isNotGivenAnewByAReload() {
            admit(guard, new FakeCall(), new FakeCall());

            assertThat(refused(guard(Policies.perSecond(2))).reason()).isEqualTo(Reason.RATE_LIMITED);
        }
    }

    @Nested
    class OfCallsInFlight {
        private final Guard guard = guard(Policies.atOnce(2, 0, LONG));
        private final FakeCall one = new FakeCall();
        private final FakeCall other = new FakeCall();

        @Test
        void refusesTheThird() {
            admit(guard, one, other);

            Refusal refusal = refused(guard);

            assertThat(refusal.reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
            assertThat(refusal.retryAfterNanos()).isZero();
            assertThat(refusal.message())
                    .startsWith("resilience: call refused: concurrency_limit (103), policy payments,"
                            + " target http://x:8443, in flight=2/2, decision ");
            assertThat(recorder.lastDecision().counts()).isEqualTo("in flight=2/2");
        }

        @Test
        void hasAPlaceAgainHoweverACallEnds() {
            List<java.util.function.Consumer<FakeCall>> ends = List.of(
                    call -> guard.settle(call, Ending.OK),
                    call -> guard.settle(call, Ending.status(404)),
                    call -> guard.settle(call, Ending.CANCELLED),
                    call -> guard.settleExpired(call, new IOException()),
                    call -> {
                        TargetGuard.expire(call);
                        guard.settleExpired(call, new IOException());
                    },
                    call -> {
                        TargetGuard.drain(call);
                        guard.settle(call, Ending.CANCELLED);
                    });
            for (java.util.function.Consumer<FakeCall> end : ends) {
                FakeCall call = new FakeCall();
                admit(guard, call);
                end.accept(call);
                end.accept(call);
                guard.settle(call, Ending.OK);
                assertThat(atOnceFrom(guard)).isEqualTo(2);
            }
        }

        @Test
        void hasAPlaceAgainWhenTheCallIsCollected() throws Exception {
            admit(guard, one);
            abandon(guard);
            clock.advance(Duration.ofSeconds(31));
            machinery.inFlight().sweep(clock.getAsLong());
            assertThat(refused(guard).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);

            while (guard.tryAcquire(other) != null) {
                System.gc();
                machinery.inFlight().sweep(clock.getAsLong());
            }

            assertThat(refused(guard).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
        }

        @Test
        void takesNoPlaceForACallThatTheBreakerOrTheDrainRefuses() {
            for (int i = 0; i < 3; i++) {
                FakeCall call = new FakeCall();
                admit(guard, call);
                guard.settle(call, Ending.failed(Ending.IO, new IOException()));
            }
            for (int i = 0; i < 5; i++) {
                assertThat(refused(guard).reason()).isEqualTo(Reason.CIRCUIT_OPEN);
            }
            clock.advance(Policies.OPEN_FOR);
            machinery.pulse().beat();

            assertThat(atOnceFrom(guard)).isGreaterThanOrEqualTo(2);
            machinery.inFlight().close();
            for (int i = 0; i < 5; i++) {
                assertThat(refused(guard).reason()).isEqualTo(Reason.DRAINING);
            }
            one.continuing = true;
            other.continuing = true;
            admit(guard, one, other);
        }

        @Test
        void sparesTheProbesOfABreaker() {
            for (int i = 0; i < 3; i++) {
                FakeCall call = new FakeCall();
                admit(guard, call);
                guard.settle(call, Ending.failed(Ending.IO, new IOException()));
            }
            clock.advance(Policies.OPEN_FOR);
            machinery.pulse().beat();
            admit(guard, one);
            FakeCall unlimited = new FakeCall();

            Guard tight = guard(Policies.atOnce(1, 0, LONG));
            for (int i = 0; i < 5; i++) {
                assertThat(refused(tight).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
            }
            unlimited.limited = false;
            admit(tight, unlimited);
            assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.HALF_OPEN);
        }

        @Test
        void staysCountedOverAReloadThatChangesTheLimit() {
            admit(guard, one, other);
            Guard wider = guard(Policies.atOnce(3, 0, LONG));
            admit(wider, new FakeCall());
            assertThat(refused(wider).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);

            Guard narrower = guard(Policies.atOnce(1, 0, LONG));
            guard.settle(one, Ending.OK);
            guard.settle(other, Ending.OK);
            assertThat(refused(narrower).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
        }

        @Test
        void isAnsweredByTheFallback() {
            Guard answering =
                    guard(Policies.limited(Mode.ENFORCE, null, Policies.atOnce(2, 0, LONG), null, Policies.ANSWER));
            admit(answering, one, other);

            Fallback fallback = Objects.requireNonNull(refused(answering).fallback());
            fallback.served();

            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.FALLBACK);
            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
        }
    }

    @Nested
    class OfBoth {
        @Test
        void spendNothingOfOneWhenTheOtherRefuses() {
            RateConfig three = new RateConfig(3, RateConfig.SECOND, 3);
            Guard guard =
                    guard(new LimitConfig(new ConcurrencyConfig.Fixed(1), 0, LimitConfig.DEFAULT_MAX_WAIT, three));
            FakeCall call = new FakeCall();
            admit(guard, call);
            for (int i = 0; i < 10; i++) {
                assertThat(refused(guard).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
            }
            guard.settle(call, Ending.OK);
            for (int i = 0; i < 2; i++) {
                FakeCall next = new FakeCall();
                admit(guard, next);
                guard.settle(next, Ending.OK);
            }
            for (int i = 0; i < 10; i++) {
                assertThat(refused(guard).reason()).isEqualTo(Reason.RATE_LIMITED);
            }
            clock.advance(Duration.ofSeconds(1));
            admit(guard, call);
            assertThat(refused(guard).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
        }
    }

    @Nested
    class WhileObserving {
        private final Guard guard = guard(
                Policies.limited(Mode.OBSERVE, Policies.BREAKER, Policies.atOnce(1, 5, LONG), null, Policies.ANSWER));

        @Test
        void refusesNobodyAndSaysWhomItWould() {
            FakeCall one = new FakeCall();
            FakeCall other = new FakeCall();
            other.patience = Long.MAX_VALUE;
            admit(guard, one, other);

            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.WOULD_REJECT);
            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
            guard.settle(other, Ending.OK);
            assertThat(((TargetGuard) guard).wouldHaveLost()).isEqualTo(1);
            admit(guard, new FakeCall());
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.WOULD_REJECT);
            guard.settle(one, Ending.OK);
            admit(guard, one);
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.ADMITTED);
        }

        @Test
        void getsThePlaceBackOfACallThatNobodyEnds() {
            abandon(guard);
            clock.advance(Duration.ofSeconds(31));
            Verdict verdict = Verdict.WOULD_REJECT;
            while (verdict == Verdict.WOULD_REJECT) {
                System.gc();
                for (int i = 0; i < 10; i++) {
                    machinery.pulse().beat();
                }
                FakeCall next = new FakeCall();
                admit(guard, next);
                guard.settle(next, Ending.OK);
                verdict = recorder.lastDecision().verdict();
            }
            assertThat(registry.inFlight()).isZero();
        }
    }

    @Nested
    class ThatAdapt {
        @Test
        void keepToTheirMostAndRefuseNobodyWhileThePulseStandsStill() {
            Guard guard = guard(new LimitConfig(new ConcurrencyConfig.Adaptive(1, 2), 0, LONG, null));
            admit(guard, new FakeCall(), new FakeCall());
            assertThat(refused(guard).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);

            clock.advance(Duration.ofSeconds(6));
            admit(guard, new FakeCall());
        }

        @Test
        void bindBesideABreakerOfAnotherStrategyWhenCallsTakeLongerThanUsual() {
            LimitConfig adaptive = new LimitConfig(new ConcurrencyConfig.Adaptive(2, 10_000), 0, LONG, null);
            bindsOnceCallsHang(guard(Policies.limited(Mode.ENFORCE, Policies.BREAKER, adaptive, null, null)));
        }

        @Test
        void bindAsPartOfAnAdaptiveBreaker() {
            bindsOnceCallsHang(
                    guard(Policies.limited(Mode.ENFORCE, Policy.DEFAULT_BREAKER, LimitConfig.NONE, null, null)));
            assertThat(recorder.lastDecision().counts()).startsWith("inFlight=");
        }

        /** One that only brings about calls that a limit counts. */
        @Test
        void doNotCountTheOpeningOfAConnection() {
            Guard guard = guard(Policies.limited(Mode.ENFORCE, Policy.DEFAULT_BREAKER, LimitConfig.NONE, null, null));
            bindsOnceCallsHang(guard);
            FakeCall opening = new FakeCall();
            opening.limited = false;
            admit(guard, opening);
        }

        private void bindsOnceCallsHang(Guard guard) {
            for (int i = 0; i < 200; i++) {
                FakeCall call = new FakeCall();
                admit(guard, call);
                clock.advance(Duration.ofMillis(10));
                guard.settle(call, Ending.OK);
                if (i % 10 == 0) {
                    machinery.pulse().beat();
                }
            }
            Refusal refusal = null;
            for (int i = 0; i < 90 && refusal == null; i++) {
                clock.advance(Duration.ofMillis(10));
                if (i % 10 == 0) {
                    machinery.pulse().beat();
                }
                guard.tryAcquire(new FakeCall());
                refusal = guard.tryAcquire(new FakeCall());
            }
            assertThat(Objects.requireNonNull(refusal).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
            assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.CLOSED);
        }
    }

    @Nested
    class WithAQueue {
        private final Guard guard = guard(Policies.atOnce(1, 2, LONG));
        private final FakeCall first = new FakeCall();

        private CompletableFuture<@Nullable Refusal> later(Guard at, FakeCall call, int ahead) {
            call.patience = Long.MAX_VALUE;
            CompletableFuture<@Nullable Refusal> decided =
                    CompletableFuture.supplyAsync(() -> at.tryAcquire(call), threads);
            awaitWaiting(at, ahead + 1);
            return decided;
        }

        private void awaitWaiting(Guard at, int count) {
            Limits limits = Objects.requireNonNull(((TargetGuard) at).limits());
            while (limits.waiting() != count) {
                Thread.onSpinWait();
            }
        }

        @Test
        void letsTheOldestGoFirst() throws Exception {
            admit(guard, first);
            FakeCall second = new FakeCall();
            FakeCall third = new FakeCall();
            CompletableFuture<@Nullable Refusal> one = later(guard, second, 0);
            CompletableFuture<@Nullable Refusal> other = later(guard, third, 1);

            guard.settle(first, Ending.OK);
            assertThat(one.get(10, TimeUnit.SECONDS)).isNull();
            assertThat(other).isNotDone();
            guard.settle(second, Ending.OK);
            assertThat(other.get(10, TimeUnit.SECONDS)).isNull();
            guard.settle(third, Ending.OK);
            assertThat(atOnceFrom(guard)).isEqualTo(1);
        }

        @Test
        void isBoundedAndNeverHoldsACallThatDoesNotBlock() throws Exception {
            admit(guard, first);
            FakeCall second = new FakeCall();
            CompletableFuture<@Nullable Refusal> one = later(guard, second, 0);
            CompletableFuture<@Nullable Refusal> other = later(guard, new FakeCall(), 1);
            FakeCall fourth = new FakeCall();
            fourth.patience = Long.MAX_VALUE;

            assertThat(Objects.requireNonNull(guard.tryAcquire(fourth)).reason())
                    .isEqualTo(Reason.CONCURRENCY_LIMIT);
            assertThat(refused(guard).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
            guard.settle(first, Ending.OK);
            assertThat(one.get(10, TimeUnit.SECONDS)).isNull();
            guard.settle(second, Ending.OK);
            assertThat(other.get(10, TimeUnit.SECONDS)).isNull();
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void endsWithThePatienceOfPolicyAndCaller(boolean ofPolicy) {
            Guard hurried = guard(Policies.atOnce(1, 2, ofPolicy ? Duration.ofMillis(30) : LONG));
            admit(hurried, first);
            FakeCall second = new FakeCall();
            second.patience = ofPolicy ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(30);
            long before = System.nanoTime();

            Refusal refusal = Objects.requireNonNull(hurried.tryAcquire(second));

            assertThat(refusal.reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
            assertThat(System.nanoTime() - before).isBetween(30_000_000L, 5_000_000_000L);
        }

        @Test
        void countsInTheDeadline() throws Exception {
            Guard timed = guard(
                    Policies.limited(Mode.ENFORCE, null, Policies.atOnce(1, 2, LONG), Duration.ofSeconds(10), null));
            admit(timed, first);
            FakeCall second = new FakeCall();
            CompletableFuture<@Nullable Refusal> decided = later(timed, second, 0);
            clock.advance(Duration.ofSeconds(6));
            timed.settle(first, Ending.OK);
            assertThat(decided.get(10, TimeUnit.SECONDS)).isNull();

            clock.advance(Duration.ofMillis(3_900));
            machinery.timer().turn();
            assertThat(second.cuts).isEmpty();
            clock.advance(Duration.ofMillis(200));
            machinery.timer().turn();
            assertThat(second.cuts).hasSize(1);
        }

        @Test
        void endsAtTheDeadline() {
            Guard timed = guard(
                    Policies.limited(Mode.ENFORCE, null, Policies.atOnce(1, 2, LONG), Duration.ofMillis(30), null));
            admit(timed, first);
            FakeCall second = new FakeCall();
            second.patience = Long.MAX_VALUE;

            assertThat(Objects.requireNonNull(timed.tryAcquire(second)).reason())
                    .isEqualTo(Reason.CONCURRENCY_LIMIT);
        }

        @Test
        void isEmptiedByTheDrainButForWorkUnderWay() throws Exception {
            admit(guard, first);
            FakeCall working = new FakeCall();
            working.continuing = true;
            CompletableFuture<@Nullable Refusal> fresh = later(guard, new FakeCall(), 0);
            CompletableFuture<@Nullable Refusal> going = later(guard, working, 1);

            registry.close();

            assertThat(Objects.requireNonNull(fresh.get(10, TimeUnit.SECONDS)).reason())
                    .isEqualTo(Reason.DRAINING);
            awaitWaiting(guard, 1);
            guard.settle(first, Ending.OK);
            assertThat(going.get(10, TimeUnit.SECONDS)).isNull();
        }

        @Test
        void isEmptiedOfAllWhenTheDrainIsOver() throws Exception {
            admit(guard, first);
            FakeCall working = new FakeCall();
            working.continuing = true;
            CompletableFuture<@Nullable Refusal> going = later(guard, working, 0);

            registry.cutAll();

            assertThat(Objects.requireNonNull(going.get(10, TimeUnit.SECONDS)).reason())
                    .isEqualTo(Reason.DRAINING);
        }

        @Test
        void asksTheBreakerAgainAfterTheWait() throws Exception {
            admit(guard, first);
            CompletableFuture<@Nullable Refusal> decided = later(guard, new FakeCall(), 0);
            for (int i = 0; i < 3; i++) {
                FakeCall failing = new FakeCall();
                failing.limited = false;
                admit(guard, failing);
                guard.settle(failing, Ending.failed(Ending.IO, new IOException()));
            }

            guard.settle(first, Ending.OK);

            assertThat(Objects.requireNonNull(decided.get(10, TimeUnit.SECONDS)).reason())
                    .isEqualTo(Reason.CIRCUIT_OPEN);
            clock.advance(Policies.OPEN_FOR);
            machinery.pulse().beat();
            assertThat(atOnceFrom(guard)).isEqualTo(1);
        }

        @Test
        void letsGoOfAThreadThatIsInterruptedAndLeavesItSo() {
            admit(guard, first);
            FakeCall second = new FakeCall();
            second.patience = Long.MAX_VALUE;
            Thread.currentThread().interrupt();

            Refusal refusal = guard.tryAcquire(second);

            assertThat(Thread.interrupted()).isTrue();
            assertThat(Objects.requireNonNull(refusal).reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
        }

        @Test
        void losesNobodyWhenManyComeAndGo() throws Exception {
            Guard busy = guard(Policies.atOnce(3, 100, LONG));
            recorder.tracing = false;
            List<CompletableFuture<Integer>> callers = new ArrayList<>();
            for (int caller = 0; caller < 16; caller++) {
                callers.add(CompletableFuture.supplyAsync(
                        () -> {
                            int refusals = 0;
                            for (int i = 0; i < 2_000; i++) {
                                FakeCall call = new FakeCall();
                                call.patience = Long.MAX_VALUE;
                                refusals += busy.tryAcquire(call) == null ? 0 : 1;
                                busy.settle(call, Ending.OK);
                            }
                            return refusals;
                        },
                        threads));
            }
            for (CompletableFuture<Integer> caller : callers) {
                assertThat(caller.get(20, TimeUnit.SECONDS)).isZero();
            }
            assertThat(atOnceFrom(busy)).isEqualTo(3);
        }
    }

    /** In a method of its own, so that no local keeps the call. */
    private static void abandon(Guard guard) {
        admit(guard, new FakeCall());
    }
}
