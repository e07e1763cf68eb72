package dev.resilience.engine;

import static dev.resilience.engine.Outcome.FAILURE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/** Two calls fail at once, and both are needed to trip: it trips, once, and serves its whole wait. */
final class TripStress {
    @JCStressTest
    @State
    @Outcome(id = "OPEN after 1, 30 s", expect = ACCEPTABLE, desc = "one transition, one wait")
    public static class ByConsecutive {
        private final Staged staged = Staged.closed(Staged.TWO_IN_A_ROW);
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
            result.r1 = staged.trip();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "OPEN after 1, 30 s", expect = ACCEPTABLE, desc = "one transition, one wait")
    public static class ByTimeWindow {
        private final Staged staged = Staged.closed(Staged.TWO_IN_A_SECOND);
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
            result.r1 = staged.trip();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "OPEN after 1, 30 s", expect = ACCEPTABLE, desc = "one transition, one wait")
    public static class ByCountWindow {
        private final Staged staged = Staged.closed(Staged.TWO_OF_TWO);
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
            result.r1 = staged.trip();
        }
    }

    /** A call fails while the pulse looks whether to trip. */
    @JCStressTest
    @State
    @Outcome(id = "OPEN after 1, 30 s", expect = ACCEPTABLE, desc = "one transition, one wait")
    public static class BesideThePulse {
        private final Staged staged = Staged.closed(new Strategy.Consecutive(1));
        private final long permit = staged.breaker.tryAcquire(0);

        @Actor
        public void call() {
            staged.breaker.settle(permit, FAILURE, 0);
        }

        @Actor
        public void pulse() {
            staged.breaker.pulse(0);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = staged.trip();
        }
    }

    private TripStress() {}
}
