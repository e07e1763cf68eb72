package dev.resilience.engine;

import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static dev.resilience.engine.Staged.HALF_OPEN_AT;
import static dev.resilience.engine.Staged.PROBE_LOST_AT;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.IL_Result;
import org.openjdk.jcstress.infra.results.L_Result;

/** Probes asked for, ended and given up at once: never more than allowed, each counted once. */
final class ProbeStress {
    /** Two ask for the only probe. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the first got it")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the second got it")
    public static class Quota {
        private final Staged staged = Staged.halfOpen(1, 1);

        @Actor
        public void one(II_Result result) {
            result.r1 = staged.admitted();
        }

        @Actor
        public void other(II_Result result) {
            result.r2 = staged.admitted();
        }
    }

    /** One asks while the only probe comes back ignored: together with all that ask later they are one. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "asked too early; there was one left")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "it got the one that came back")
    public static class QuotaWhileOneIsGivenBack {
        private final Staged staged = Staged.halfOpen(1, 1);
        private final long probe = staged.probe();

        @Actor
        public void giveBack() {
            staged.breaker.settle(probe, IGNORED, HALF_OPEN_AT);
        }

        @Actor
        public void ask(II_Result result) {
            result.r1 = staged.admitted();
        }

        @Arbiter
        public void judge(II_Result result) {
            result.r2 = staged.admits();
        }
    }

    /** Two ask for the last probe when another has ended, and left its place in the table. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the first got it")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the second got it")
    public static class QuotaWhenOneHasEnded {
        private final Staged staged = Staged.halfOpen(2, 1);

        public QuotaWhenOneHasEnded() {
            staged.breaker.settle(staged.probe(), SUCCESS, HALF_OPEN_AT);
        }

        @Actor
        public void one(II_Result result) {
            result.r1 = staged.admitted();
        }

        @Actor
        public void other(II_Result result) {
            result.r2 = staged.admitted();
        }
    }

    /** One asks while another probe closes the breaker: whatever it got, the next failure trips. */
    @JCStressTest
    @State
    @Outcome(id = "OPEN after 4: failures=1 in a row", expect = ACCEPTABLE, desc = "tripped")
    public static class TripsAfterOneAskedAsItClosed {
        private final Staged staged = Staged.halfOpen(2, 0.5);
        private final long probe = staged.probe();
        private long permit;

        @Actor
        public void succeed() {
            staged.breaker.settle(probe, SUCCESS, HALF_OPEN_AT);
        }

        @Actor
        public void ask() {
            permit = staged.probe(1);
        }

        @Arbiter
        public void judge(L_Result result) {
            staged.breaker.settle(permit, FAILURE, HALF_OPEN_AT);
            staged.fail(HALF_OPEN_AT);
            result.r1 = staged.story();
        }
    }

    /** Two ask after the wait, and nobody pulsed: one of them does it, and one is admitted. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the first began the probing or came right after")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the second did")
    public static class QuotaWithoutAPulse {
        private final Staged staged = Staged.open(1, 1);

        @Actor
        public void one(II_Result result) {
            result.r1 = staged.admitted();
        }

        @Actor
        public void other(II_Result result) {
            result.r2 = staged.admitted();
        }
    }

    /** The same probe is settled twice. */
    @JCStressTest
    @State
    @Outcome(id = "HALF_OPEN after 2: succeeded=1/2 probes, failed=0", expect = ACCEPTABLE, desc = "one vote")
    public static class EndsTwice {
        private final Staged staged = Staged.halfOpen(2, 1);
        private final long probe = staged.probe();

        @Actor
        public void one() {
            staged.breaker.settle(probe, SUCCESS, HALF_OPEN_AT);
        }

        @Actor
        public void other() {
            staged.breaker.settle(probe, SUCCESS, HALF_OPEN_AT);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    /** A probe succeeds in the instant in which the pulse gives it up. */
    @JCStressTest
    @State
    @Outcome(id = "CLOSED after 3: failures=0 in a row", expect = ACCEPTABLE, desc = "the call came first")
    @Outcome(
            id = "HALF_OPEN after 2: succeeded=0/2 probes, failed=1",
            expect = ACCEPTABLE,
            desc = "the time-out came first")
    public static class EndsAsItIsGivenUp {
        private final Staged staged = Staged.halfOpen(2, 0.5);
        private final long probe = staged.probe();

        @Actor
        public void end() {
            staged.breaker.settle(probe, SUCCESS, PROBE_LOST_AT);
        }

        @Actor
        public void giveUp() {
            staged.breaker.pulse(PROBE_LOST_AT);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    /** A probe fails in the instant in which the pulse gives it up. */
    @JCStressTest
    @State
    @Outcome(id = "HALF_OPEN after 2: succeeded=0/3 probes, failed=1", expect = ACCEPTABLE, desc = "one failure")
    public static class FailsAsItIsGivenUp {
        private final Staged staged = Staged.halfOpen(3, 0.3);
        private final long probe = staged.probe();

        @Actor
        public void end() {
            staged.breaker.settle(probe, FAILURE, PROBE_LOST_AT);
        }

        @Actor
        public void giveUp() {
            staged.breaker.pulse(PROBE_LOST_AT);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    /** Two probes end, and one that succeeds is enough. */
    @JCStressTest
    @State
    @Outcome(id = "CLOSED after 3: failures=0 in a row", expect = ACCEPTABLE, desc = "one of two was enough")
    public static class DecideForIt {
        private final Staged staged = Staged.halfOpen(2, 0.5);
        private final long one = staged.probe();
        private final long other = staged.probe(1);

        @Actor
        public void succeed() {
            staged.breaker.settle(one, SUCCESS, HALF_OPEN_AT);
        }

        @Actor
        public void fail() {
            staged.breaker.settle(other, FAILURE, HALF_OPEN_AT);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    /** Two probes end, and one that fails is too many. */
    @JCStressTest
    @State
    @Outcome(id = "OPEN after 3: succeeded=0/2 probes, failed=1", expect = ACCEPTABLE, desc = "the failure came first")
    @Outcome(id = "OPEN after 3: succeeded=1/2 probes, failed=1", expect = ACCEPTABLE, desc = "the success came first")
    public static class DecideAgainstIt {
        private final Staged staged = Staged.halfOpen(2, 1);
        private final long one = staged.probe();
        private final long other = staged.probe(1);

        @Actor
        public void succeed() {
            staged.breaker.settle(one, SUCCESS, HALF_OPEN_AT);
        }

        @Actor
        public void fail() {
            staged.breaker.settle(other, FAILURE, HALF_OPEN_AT);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    /** One asks while the only probe closes the breaker: what is admitted is a call like any other. */
    @JCStressTest
    @State
    @Outcome(id = "0, CLOSED after 3: failures=0 in a row", expect = ACCEPTABLE, desc = "asked too early")
    @Outcome(
            id = "1, OPEN after 4: failures=1 in a row",
            expect = ACCEPTABLE,
            desc = "admitted by the closed breaker, and counted by it")
    public static class AskedAsItCloses {
        private final Staged staged = Staged.halfOpen(1, 1);
        private final long probe = staged.probe();
        private long permit;

        @Actor
        public void succeed() {
            staged.breaker.settle(probe, SUCCESS, HALF_OPEN_AT);
        }

        @Actor
        public void ask(IL_Result result) {
            permit = staged.probe();
            result.r1 = permit == Breaker.REFUSED ? 0 : 1;
        }

        @Arbiter
        public void judge(IL_Result result) {
            staged.breaker.settle(permit, FAILURE, HALF_OPEN_AT);
            result.r2 = staged.story();
        }
    }

    /** Two pulse as the wait is over. */
    @JCStressTest
    @State
    @Outcome(id = "HALF_OPEN after 2: succeeded=0/1 probes, failed=0", expect = ACCEPTABLE, desc = "one transition")
    public static class BeginOnce {
        private final Staged staged = Staged.open(1, 1);

        @Actor
        public void one() {
            staged.breaker.pulse(HALF_OPEN_AT);
        }

        @Actor
        public void other() {
            staged.breaker.pulse(HALF_OPEN_AT);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    private ProbeStress() {}
}
