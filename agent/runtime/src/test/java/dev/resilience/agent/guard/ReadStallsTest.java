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
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Strategy;
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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An answer that stops half-way is a failure of its kind, and three in a row open the circuit. */
class ReadStallsTest {
    private static final Duration SILENCE = Duration.ofSeconds(2);
    private static final StallAfter FIXED = new StallAfter.Fixed(SILENCE);
    private static final URI TARGET = URI.create("http://x/");

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final FaultLog faults = new FaultLog(lines::add);
    private final Machinery machinery = Machinery.byHand(clock, recorder, faults);

    /** A body that is silent from when it was last heard. */
    private final class Body extends Call {
        private final List<Refusal> cuts = new ArrayList<>();
        private final Guard guard;
        private final FakeCall call = new FakeCall();
        private final long given;
        private long heard;

        Body(Guard guard) {
            this.guard = guard;
            this.given = guard.stallAfterNanos();
            assertThat(guard.tryAcquire(call)).isNull();
            guard.watch(this, call);
            guard.due(this, given);
            hear();
        }

        /** Its head is the end of its call, as where it is read as it comes. */
        Body answered() {
            guard.settle(call, Ending.OK);
            return this;
        }

        void hear() {
            heard = clock.getAsLong();
        }

        Body stall() {
            pass(Duration.ofNanos(given));
            assertThat(cuts).hasSize(1);
            guard.settleExpired(this, new IOException("cut"));
            return this;
        }

        void end(Duration longestSilence) {
            guard.heard(this, longestSilence.toNanos(), true);
        }

        @Override
        public long leftNanos() {
            return given - (clock.getAsLong() - heard);
        }

        @Override
        public long silenceNanos() {
            return given;
        }

        @Override
        public void cancel(Refusal refusal) {
            cuts.add(refusal);
        }
    }

    /** Further rows of a result. */
    private static final class Fetch extends Call {
        private final List<Refusal> cuts = new ArrayList<>();

        @Override
        public boolean readsOn() {
            return true;
        }

        @Override
        public void cancel(Refusal refusal) {
            cuts.add(refusal);
        }
    }

    private GuardRegistry registry(
            Mode mode, @Nullable BreakerConfig breaker, Deadline deadline, StallAfter stallAfter) {
        Policy policy = new Policy(
                "payments",
                mode,
                Match.ALL,
                Key.HOST,
                breaker,
                FailureRules.DEFAULTS,
                deadline,
                StreamTimers.NONE,
                stallAfter,
                LimitConfig.NONE,
                List.of(),
                null);
        return new GuardRegistry(Policies.set(policy), machinery, lines::add);
    }

    private Guard http(StallAfter stallAfter) {
        return http(Policies.breaker(10), stallAfter);
    }

    private Guard http(@Nullable BreakerConfig breaker, StallAfter stallAfter) {
        return Objects.requireNonNull(
                registry(Mode.ENFORCE, breaker, Deadline.Rule.NONE, stallAfter).http("GET", TARGET));
    }

    private Guard jdbc(Mode mode, Deadline deadline) {
        return Objects.requireNonNull(
                registry(mode, Policies.breaker(10), deadline, FIXED).jdbc("jdbc:h2:mem:x", null));
    }

    private void pass(Duration time) {
        clock.advance(time);
        machinery.timer().turn();
    }

    @Test
    void areLookedForInBodiesOfWhatIsEnforced() {
        assertThat(http(FIXED).stallAfterNanos()).isEqualTo(SILENCE.toNanos());
        assertThat(http(FIXED).isStallAfterAdaptive()).isFalse();
        assertThat(http(StallAfter.Rule.ADAPTIVE).isStallAfterAdaptive()).isTrue();
        assertThat(http(StallAfter.Rule.NONE).stallAfterNanos()).isZero();
        for (StallAfter each : List.of(FIXED, StallAfter.Rule.ADAPTIVE)) {
            GuardRegistry observing = registry(Mode.OBSERVE, Policies.BREAKER, Deadline.Rule.NONE, each);
            assertThat(Objects.requireNonNull(observing.http("GET", TARGET)).stallAfterNanos())
                    .isZero();
        }
    }

    @Test
    void areLookedForInStreamsAndResultsOnlyWhereAPolicySaysHowLong() {
        GuardRegistry fixed = registry(Mode.ENFORCE, Policies.BREAKER, Deadline.Rule.NONE, FIXED);
        GuardRegistry learned = registry(Mode.ENFORCE, Policies.BREAKER, Deadline.Rule.NONE, StallAfter.Rule.ADAPTIVE);

        assertThat(Objects.requireNonNull(fixed.grpc("x:1", "a.B/C")).streamBudgets())
                .isEqualTo(new StreamBudgets(0, 0, 0, SILENCE.toNanos()));
        assertThat(Objects.requireNonNull(learned.grpc("x:1", "a.B/C")).streamBudgets())
                .isNull();
        assertThat(Objects.requireNonNull(learned.jdbc("jdbc:h2:mem:x", null)).stallAfterNanos())
                .isZero();
    }

    @Test
    void cutABodyAfterItsLastPieceAndNoSooner() {
        Body body = new Body(http(FIXED));
        for (int i = 0; i < 10; i++) {
            pass(SILENCE.minusNanos(1));
            body.hear();
        }
        pass(SILENCE.minusNanos(1));
        assertThat(body.cuts).isEmpty();

        pass(Duration.ofNanos(1));

        assertThat(body.cuts).hasSize(1);
        assertThat(body.cuts.get(0).reason()).isEqualTo(Reason.READ_STALL);
        assertThat(body.cuts.get(0).reason().code()).isEqualTo(100);
        assertThat(body.cuts.get(0).message())
                .matches("resilience: call cut: read_stall \\(100\\): nothing more of its answer for 2s,"
                        + " policy payments, target http://x:80, decision [0-9a-f]{16}, after 22s,"
                        + " followed from the policy stall after \\(2s\\)");
    }

    @Test
    void doNotCutForATimeInWhichTheProcessStoodStill() {
        Body body = new Body(http(FIXED));
        pass(SILENCE.plusSeconds(3));
        assertThat(body.cuts).isEmpty();
        body.hear();
        for (int i = 0; i < 2; i++) {
            pass(Duration.ofSeconds(1));
            assertThat(body.cuts).isEmpty();
        }
        pass(Duration.ofSeconds(1)); // the time in which it stood still was given for when it was not heard yet
        assertThat(body.cuts).hasSize(1);
    }

    @Test
    void endACallThatIsStillUnderWayAsATimeoutOfTheirKind() {
        Body body = new Body(http(FIXED)).stall();

        assertThat(body.call.isSettled()).isTrue();
        Signal.Decision told = recorder.lastDecision();
        assertThat(told.verdict()).isEqualTo(Verdict.TIMED_OUT);
        assertThat(told.reason()).isEqualTo(Reason.READ_STALL);
        assertThat(body.cuts.get(0).message()).contains("decision " + told.id() + ",");
        assertThat(Objects.requireNonNull(told.origin()).what()).isEqualTo("policy_stall_after");
        assertThat(told.elapsedNanos()).isEqualTo(SILENCE.toNanos());
        assertThat(recorder.closed).containsExactly("IOException");
        assertThat(machinery.inFlight().count()).isZero();
        assertThat(machinery.streams().count()).isZero();
    }

    @Test
    void areASecondOutcomeOfACallThatHasItsAnswer() {
        new Body(http(FIXED)).answered().stall();

        assertThat(recorder.verdicts()).containsExactly(Verdict.ADMITTED, Verdict.TIMED_OUT);
        assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.READ_STALL);
        assertThat(machinery.streams().count()).isZero();
    }

    static Stream<BreakerConfig> breakers() {
        return Stream.of(
                Policies.breaker(Strategy.Adaptive.DEFAULT),
                Policies.breaker(10),
                Policies.TIME_WINDOW,
                Policies.breaker(new Strategy.Ewma(0.2, 20, 0.5)));
    }

    /** Though each of them was answered, which the strategy takes for a success. */
    @ParameterizedTest
    @MethodSource("breakers")
    void openTheCircuitByThreeInARow(BreakerConfig breaker) {
        Guard guard = http(breaker, FIXED);
        new Body(guard).answered().stall();
        new Body(guard).answered().stall();
        assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.CLOSED);

        new Body(guard).answered().stall();

        assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.OPEN);
        machinery.pulse().beat();
        Refusal refusal = Objects.requireNonNull(guard.tryAcquire(new FakeCall()));
        assertThat(refusal.reason()).isEqualTo(Reason.CIRCUIT_OPEN);
        assertThat(refusal.message()).contains(", read stalls=3 in a row, retry in ");
        assertThat(recorder.signals)
                .filteredOn(Signal.Transition.class::isInstance)
                .singleElement()
                .satisfies(opened ->
                        assertThat(((Signal.Transition) opened).counts()).isEqualTo("read stalls=3 in a row"));
        assertThat(Objects.requireNonNull(recorder.lastDecision().origin()).what())
                .isEqualTo("circuit_opened");
    }

    @Test
    void areInARowUnlessABodyComesToItsEnd() {
        Guard guard = http(FIXED);
        for (int i = 0; i < 10; i++) {
            new Body(guard).stall();
            new Body(guard).answered().stall();
            new Body(guard).answered().end(Duration.ofMillis(1));
        }
        assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.CLOSED);

        new Body(guard).answered().stall();
        Body abandoned = new Body(guard).answered();
        guard.heard(abandoned, 0, false);
        FakeCall other = new FakeCall();
        assertThat(guard.tryAcquire(other)).isNull();
        guard.settle(other, Ending.OK);
        new Body(guard).answered().stall();
        new Body(guard).answered().stall();

        assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.OPEN);
        assertThat(faults.total()).isZero();
    }

    @Test
    void openAgainByThreeMoreOnceTheCircuitHasClosed() {
        Guard guard = http(FIXED);
        for (int i = 0; i < 3; i++) {
            new Body(guard).answered().stall();
        }
        clock.advance(Policies.OPEN_FOR);
        machinery.pulse().beat();
        assertThat(guard.awaitsEnd(new FakeCall())).isTrue();
        for (int i = 0; i < 2; i++) {
            Body probe = new Body(guard);
            probe.end(Duration.ofMillis(1));
            guard.settle(probe.call, Ending.OK);
        }
        assertThat(guard.awaitsEnd(new FakeCall())).isFalse();
        new Body(guard).answered().stall();
        new Body(guard).answered().stall();
        assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.CLOSED);
        new Body(guard).answered().stall();
        assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.OPEN);
    }

    /** Its head is there, but that is what every one of those had that opened it. */
    @Test
    void failAProbeThatWaitsForItsEnd() {
        Guard guard = http(FIXED);
        assertThat(guard.awaitsEnd(new FakeCall())).isFalse();
        for (int i = 0; i < 3; i++) {
            new Body(guard).answered().stall();
        }
        clock.advance(Policies.OPEN_FOR);
        machinery.pulse().beat();
        Body probe = new Body(guard);
        assertThat(guard.awaitsEnd(probe.call)).isTrue();
        probe.stall();

        assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.OPEN);
        assertThat(guard.awaitsEnd(new FakeCall())).isTrue();
        assertThat(faults.total()).isZero();
    }

    @Test
    void areCountedWithoutABreakerToo() {
        Guard guard = http(null, FIXED);
        for (int i = 0; i < 5; i++) {
            new Body(guard).answered().stall();
        }
        assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.READ_STALL);
        assertThat(faults.total()).isZero();
    }

    @Nested
    class OfFurtherRows {
        private final Fetch fetch = new Fetch();

        @Test
        void areCutAndCountedAsSuch() {
            Guard guard = jdbc(Mode.ENFORCE, Deadline.Rule.NONE);
            assertThat(guard.tryAcquire(fetch)).isNull();
            pass(SILENCE.minusNanos(1));
            assertThat(fetch.cuts).isEmpty();
            pass(Duration.ofNanos(1));

            assertThat(fetch.cuts).hasSize(1);
            assertThat(fetch.cuts.get(0).message()).contains("read_stall (100): nothing more of its answer for 2s");
            guard.settleExpired(fetch, new IOException("cut"));
            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.READ_STALL);
        }

        @Test
        void leaveStatementsAlone() {
            Guard guard = jdbc(Mode.ENFORCE, Deadline.Rule.NONE);
            FakeCall statement = new FakeCall();
            assertThat(guard.tryAcquire(statement)).isNull();
            pass(Duration.ofHours(1));
            assertThat(statement.cuts).isEmpty();
        }

        @Test
        void areNoneWhereTheDeadlineIsSooner() {
            Guard guard = jdbc(Mode.ENFORCE, Deadline.of(Duration.ofSeconds(1)));
            assertThat(guard.tryAcquire(fetch)).isNull();
            pass(Duration.ofSeconds(1));
            assertThat(fetch.cuts.get(0).reason()).isEqualTo(Reason.DEADLINE_EXHAUSTED);
        }

        @Test
        void comeBeforeALaterDeadline() {
            Guard guard = jdbc(Mode.ENFORCE, Deadline.of(Duration.ofSeconds(5)));
            assertThat(guard.tryAcquire(fetch)).isNull();
            pass(SILENCE);
            assertThat(fetch.cuts.get(0).reason()).isEqualTo(Reason.READ_STALL);
        }

        @Test
        void areInARowUnlessManyFetchesInBetweenCome() {
            Guard guard = jdbc(Mode.ENFORCE, Deadline.Rule.NONE);
            stall(guard);
            stall(guard);
            come(guard, ReadStalls.PARTS);
            for (int i = 0; i < 3; i++) {
                assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.CLOSED);
                stall(guard);
                come(guard, i < 2 ? ReadStalls.PARTS - 1 : 0);
            }
            assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.OPEN);
        }

        private void come(Guard guard, int times) {
            for (int i = 0; i < times; i++) {
                Fetch each = new Fetch();
                assertThat(guard.tryAcquire(each)).isNull();
                guard.settle(each, Ending.OK);
            }
        }

        private void stall(Guard guard) {
            Fetch each = new Fetch();
            assertThat(guard.tryAcquire(each)).isNull();
            pass(SILENCE);
            guard.settleExpired(each, new IOException("cut"));
        }

        @Test
        void wouldBeCutWhereNothingIsEnforced() {
            Guard guard = jdbc(Mode.OBSERVE, Deadline.Rule.NONE);
            assertThat(guard.tryAcquire(fetch)).isNull();
            pass(SILENCE.plusNanos(1));
            guard.settle(fetch, Ending.OK);

            assertThat(fetch.cuts).isEmpty();
            assertThat(recorder.lastDecision().verdict()).isEqualTo(Verdict.WOULD_TIME_OUT);
            assertThat(recorder.lastDecision().reason()).isEqualTo(Reason.READ_STALL);
        }
    }

    @Nested
    class Learned {
        private final Guard guard = http(StallAfter.Rule.ADAPTIVE);

        private void hundredBodies(Duration longestSilence) {
            for (int i = 0; i < 100; i++) {
                new Body(guard).answered().end(longestSilence);
            }
        }

        @Test
        void haveAMinuteUntilAHundredBodiesCameToTheirEnd() {
            assertThat(guard.stallAfterNanos()).isEqualTo(Duration.ofMinutes(1).toNanos());
            for (int i = 0; i < 99; i++) {
                new Body(guard).answered().end(Duration.ofMillis(10));
            }
            assertThat(guard.stallAfterNanos()).isEqualTo(Duration.ofMinutes(1).toNanos());
            new Body(guard).answered().end(Duration.ofMillis(10));
            assertThat(guard.stallAfterNanos()).isEqualTo(Duration.ofSeconds(1).toNanos());
        }

        @Test
        void haveFourTimesTheSilenceThatBodiesNeedAndTwiceTheLongest() {
            hundredBodies(Duration.ofMillis(500));
            assertThat(guard.stallAfterNanos()).isEqualTo(Duration.ofSeconds(2).toNanos());
            Body left = new Body(guard).answered();
            guard.heard(left, Duration.ofSeconds(7).toNanos(), false);
            assertThat(guard.stallAfterNanos()).isEqualTo(Duration.ofSeconds(14).toNanos());
        }

        @Test
        void keepWhatTheyWereGivenWhenTheyBegan() {
            Body patient = new Body(guard).answered();
            hundredBodies(Duration.ofMillis(1));
            for (int i = 0; i < 60; i++) {
                assertThat(patient.cuts).isEmpty();
                pass(Duration.ofSeconds(1));
            }
            assertThat(patient.cuts).hasSize(1);
            assertThat(patient.cuts.get(0).message())
                    .contains("nothing more of its answer for 60s")
                    .endsWith("followed from the adaptive stall after (p99=1ms, longest=1ms)");
        }

        @Test
        void areGivenMoreWhenOneIsCutAmongOthersThatGoOn() {
            hundredBodies(Duration.ofMillis(1));
            Body silent = new Body(guard).answered();
            pass(Duration.ofMillis(900));
            new Body(guard).answered().end(Duration.ofMillis(1));
            pass(Duration.ofMillis(100));
            assertThat(silent.cuts).hasSize(1);
            guard.settleExpired(silent, new IOException("cut"));

            assertThat(guard.stallAfterNanos()).isEqualTo(Duration.ofSeconds(2).toNanos());
        }

        @Test
        void areKnownAfterAReload() {
            GuardRegistry registry =
                    registry(Mode.ENFORCE, Policies.breaker(10), Deadline.Rule.NONE, StallAfter.Rule.ADAPTIVE);
            Guard before = Objects.requireNonNull(registry.http("GET", TARGET));
            for (int i = 0; i < 100; i++) {
                new Body(before).answered().end(Duration.ofMillis(1));
            }
            registry.reload(registry.policies());

            assertThat(Objects.requireNonNull(registry.http("GET", TARGET)).stallAfterNanos())
                    .isEqualTo(Duration.ofSeconds(1).toNanos());
        }

        @Test
        void teachADeadlineNothing() {
            GuardRegistry registry =
                    registry(Mode.ENFORCE, Policies.breaker(10), Deadline.Rule.BY_PROTOCOL, StallAfter.Rule.ADAPTIVE);
            Guard both = Objects.requireNonNull(registry.http("GET", TARGET));
            for (int i = 0; i < 200; i++) {
                new Body(both).answered().end(Duration.ofMillis(1));
            }
            Body silent = new Body(both);
            both.answering(silent.call);
            pass(Duration.ofMillis(900));
            new Body(both).answered().end(Duration.ofMillis(1));
            pass(Duration.ofMillis(100));
            both.settleExpired(silent, new IOException("cut"));

            assertThat(silent.call.isSettled()).isTrue();
            assertThat(both.deadlineNanos()).isEqualTo(Duration.ofSeconds(1).toNanos());
            assertThat(both.stallAfterNanos()).isEqualTo(Duration.ofSeconds(2).toNanos());
        }
    }
}
