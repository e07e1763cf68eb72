package dev.resilience.engine;

import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.SUCCESS;
import static dev.resilience.engine.StagedAdaptive.PULSE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.L_Result;

/** Transitions of the adaptive breaker, wanted by two at once. */
final class AdaptiveStress {
    /** Two calls fail, and both are needed for the streak. */
    @JCStressTest
    @State
    @Outcome(id = "OPEN after 1", expect = ACCEPTABLE, desc = "one transition")
    public static class TripsOnce {
        private final StagedAdaptive staged = StagedAdaptive.failing(2);
        private final long one = staged.breaker.tryAcquire(0);
        private final long other = staged.breaker.tryAcquire(0);

        @Actor
        public void failOne() {
            staged.breaker.settle(one, FAILURE, 0);
        }

        @Actor
        public void failOther() {
            staged.breaker.settle(other, FAILURE, 0);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    /** Two ask for the one probe. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the first got it")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the second got it")
    public static class OneProbe {
        private final StagedAdaptive staged = StagedAdaptive.ready();

        @Actor
        public void one(II_Result result) {
            result.r1 = staged.admitted(PULSE);
        }

        @Actor
        public void other(II_Result result) {
            result.r2 = staged.admitted(PULSE);
        }
    }

    /** One asks while the probe succeeds: together with all that ask later there is one more. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "it came right after the first, which had succeeded")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "it came too early; there was one left")
    public static class OneProbeAfterAnother {
        private final StagedAdaptive staged = StagedAdaptive.ready();
        private final long probe = staged.breaker.tryAcquire(PULSE);

        @Actor
        public void succeed() {
            staged.breaker.settle(probe, SUCCESS, PULSE);
        }

        @Actor
        public void ask(II_Result result) {
            result.r1 = staged.admitted(PULSE);
        }

        @Arbiter
        public void judge(II_Result result) {
            result.r2 = staged.admitted(PULSE) + staged.admitted(PULSE);
        }
    }

    /** The last probe succeeds in the instant in which the pulse gives it up. */
    @JCStressTest
    @State
    @Outcome(id = "HALF_OPEN after 2", expect = ACCEPTABLE, desc = "the call came first")
    @Outcome(id = "OPEN after 1", expect = ACCEPTABLE, desc = "the pulse came first")
    public static class LastProbeEndsAsItIsGivenUp {
        private final StagedAdaptive staged = StagedAdaptive.lastProbe();
        private final long probe = staged.breaker.tryAcquire(PULSE);

        public LastProbeEndsAsItIsGivenUp() {
            staged.breaker.pulse(2 * PULSE);
        }

        @Actor
        public void end() {
            staged.breaker.settle(probe, SUCCESS, 3 * PULSE);
        }

        @Actor
        public void giveUp() {
            staged.breaker.pulse(3 * PULSE);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    private AdaptiveStress() {}
}
