package dev.resilience.engine;

import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.SUCCESS;
import static dev.resilience.engine.Staged.HALF_OPEN_AT;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** A call that began before the breaker moved on ends while it moves again: it counts for nothing. */
final class GenerationStress {
    @JCStressTest
    @State
    @Outcome(
            id = "HALF_OPEN after 2: succeeded=0/1 probes, failed=0",
            expect = ACCEPTABLE,
            desc = "the probe alone is to decide")
    public static class LateSuccessAsProbingBegins {
        private final Staged staged = Staged.closed(new Strategy.Consecutive(1));
        private final long late = staged.breaker.tryAcquire(0);

        public LateSuccessAsProbingBegins() {
            staged.fail(0);
        }

        @Actor
        public void end() {
            staged.breaker.settle(late, SUCCESS, HALF_OPEN_AT);
        }

        @Actor
        public void probe() {
            staged.breaker.pulse(HALF_OPEN_AT);
            staged.probe();
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "CLOSED after 3: failures=0 in a row", expect = ACCEPTABLE, desc = "closed, and nothing counted")
    public static class LateFailureAsItCloses {
        private final Staged staged = Staged.closed(new Strategy.Consecutive(1));
        private final long late = staged.breaker.tryAcquire(0);
        private final long probe;

        public LateFailureAsItCloses() {
            staged.fail(0);
            staged.breaker.pulse(HALF_OPEN_AT);
            probe = staged.probe();
        }

        @Actor
        public void end() {
            staged.breaker.settle(late, FAILURE, HALF_OPEN_AT);
        }

        @Actor
        public void close() {
            staged.breaker.settle(probe, SUCCESS, HALF_OPEN_AT);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "OPEN after 1: failures=2 in a row", expect = ACCEPTABLE, desc = "both were of this generation")
    @Outcome(id = "OPEN after 1: failures=1 in a row", expect = ACCEPTABLE, desc = "the second was late")
    public static class LateFailureAsItTrips {
        private final Staged staged = Staged.closed(new Strategy.Consecutive(1));
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

    @JCStressTest
    @State
    @Outcome(
            id = "HALF_OPEN after 4: succeeded=0/2 probes, failed=0",
            expect = ACCEPTABLE,
            desc = "the new probes alone are to decide")
    public static class LateProbeAsOthersBegin {
        private final Staged staged = Staged.halfOpen(2, 1);
        private final long late = staged.probe();

        public LateProbeAsOthersBegin() {
            staged.fail(HALF_OPEN_AT + 1);
        }

        @Actor
        public void end() {
            staged.breaker.settle(late, SUCCESS, 2 * HALF_OPEN_AT + 1);
        }

        @Actor
        public void probe() {
            staged.breaker.pulse(2 * HALF_OPEN_AT + 1);
            staged.probe(HALF_OPEN_AT + 1);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.story();
        }
    }

    private GenerationStress() {}
}
