package dev.resilience.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** A lane is one call's at a time, and what it counts there by plain additions is seen by the pulse. */
final class LaneStress {
    /** Two threads of one stripe; each call counts if it got the lane. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "the first had it")
    @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "the second had it")
    @Outcome(id = "1, 1, 2", expect = ACCEPTABLE, desc = "one after the other")
    public static class OneCallAtATime {
        private final long[] lanes = Lanes.create();

        @Actor
        public void one(III_Result result) {
            result.r1 = call(0);
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = call(1_000_000);
        }

        private int call(long now) {
            long permit = Lanes.claim(lanes, Permit.of(0, now), 0);
            return permit != 0 && Lanes.succeeded(lanes, permit, 0) ? 1 : 0;
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = Lanes.takeLatencies(lanes, new Sample(0, 0));
        }
    }

    /** The pulse takes while a call counts. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "too early for it")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "it was there")
    public static class TakenOnce {
        private final long[] lanes = Lanes.create();
        private final long permit = Lanes.claim(lanes, Permit.of(0, 0), 0);

        @Actor
        public void end() {
            Lanes.succeeded(lanes, permit, 0);
        }

        @Actor
        public void take(II_Result result) {
            result.r1 = Lanes.takeLatencies(lanes, new Sample(0, 0));
        }

        @Arbiter
        public void judge(II_Result result) {
            result.r2 = Lanes.takeLatencies(lanes, new Sample(0, 0));
        }
    }

    /** A call ends as the pulse writes it off. Whatever they believe, the lane is free. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "the call was first")
    @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "the pulse was first")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE_INTERESTING, desc = "it counts as what it was, and as failed")
    public static class LeavesAsItIsWrittenOff {
        private final long[] lanes = Lanes.create();
        private final long permit = Lanes.claim(lanes, Permit.of(0, 0), 0);

        @Actor
        public void end(III_Result result) {
            result.r1 = Lanes.succeeded(lanes, permit, 0) ? 1 : 0;
        }

        @Actor
        public void writeOff(III_Result result) {
            result.r2 = Lanes.writeOff(lanes, permit) ? 1 : 0;
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = Lanes.size(lanes) == 0 && Lanes.claim(lanes, Permit.of(0, 0), 0) != 0 ? 1 : 0;
        }
    }
}
