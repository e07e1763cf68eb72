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
    /** Two threads of one stripe. */
    private static final long ONE = 1;

    private static final long OTHER = 9;

    private static final int LOST = -10;

    /** Whether it got the lane, and counted. */
    private static int call(long[] lanes, long now, long thread) {
        long permit = Lanes.claim(lanes, Permit.of(0, now), thread);
        return permit == 0 ? 0 : Lanes.succeeded(lanes, permit, 0) ? 1 : LOST;
    }

    private static int taken(long[] lanes) {
        return Lanes.takeLatencies(lanes, new Sample(0, 0));
    }

    /** Or -1 if a call is still in a lane. */
    private static int takenAtLast(long[] lanes) {
        return Lanes.size(lanes) == 0 ? taken(lanes) : -1;
    }

    private static long[] takenInARow(int calls) {
        long[] lanes = Lanes.create();
        for (int i = 0; i < calls; i++) {
            Lanes.leave(lanes, Lanes.claim(lanes, Permit.of(0, 0), ONE));
        }
        return lanes;
    }

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
            result.r1 = call(lanes, 0, ONE);
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = call(lanes, 1_000_000, OTHER);
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = taken(lanes);
        }
    }

    /** The pulse takes while a call counts. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "too early for it")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "it was there")
    public static class TakenOnce {
        private final long[] lanes = Lanes.create();
        private final long permit = Lanes.claim(lanes, Permit.of(0, 0), ONE);

        @Actor
        public void end() {
            Lanes.succeeded(lanes, permit, 0);
        }

        @Actor
        public void take(II_Result result) {
            result.r1 = taken(lanes);
        }

        @Arbiter
        public void judge(II_Result result) {
            result.r2 = taken(lanes);
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
        private final long permit = Lanes.claim(lanes, Permit.of(0, 0), ONE);

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
            result.r3 = Lanes.size(lanes) == 0 && Lanes.claim(lanes, Permit.of(0, 0), ONE) != 0 ? 1 : 0;
        }
    }

    /**
     * The next call of one thread makes the lane its own, and the one after that takes it without a CAS. All are of the
     * same instant, so that their permits are as like as they can be.
     */
    @JCStressTest
    @State
    @Outcome(id = "2, 1, 3", expect = ACCEPTABLE, desc = "before the first, after it or instead of making it his own")
    @Outcome(id = "2, 0, 2", expect = ACCEPTABLE, desc = "found the lane taken or given away")
    @Outcome(id = "1, 1, 2", expect = ACCEPTABLE, desc = "was there as one of them came")
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "was there as one of them came, and saw that he has to go")
    @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "was there as both came")
    public static class GivenAwayAsAnotherComes {
        private final long[] lanes = takenInARow(Lanes.OWNED - 1);

        @Actor
        public void owner(III_Result result) {
            result.r1 = call(lanes, 0, ONE) + call(lanes, 0, ONE);
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = call(lanes, 0, OTHER);
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = takenAtLast(lanes);
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "it is the owner's")
    public static class BelongsToItsOwner {
        private final long[] lanes = takenInARow(Lanes.OWNED);

        @Actor
        public void owner(III_Result result) {
            result.r1 = call(lanes, 0, ONE);
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = call(lanes, 0, OTHER);
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = takenAtLast(lanes);
        }
    }

    /** The owner's call ends on another thread, while he wants to begin the next. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "the lane was still taken")
    @Outcome(id = "1, 1, 2", expect = ACCEPTABLE, desc = "one after the other")
    public static class OwnersCallEndsElsewhere {
        private final long[] lanes = takenInARow(Lanes.OWNED);
        private final long permit = Lanes.claim(lanes, Permit.of(0, 0), ONE);

        @Actor
        public void owner(III_Result result) {
            result.r1 = call(lanes, 0, ONE);
        }

        @Actor
        public void end(III_Result result) {
            result.r2 = Lanes.succeeded(lanes, permit, 0) ? 1 : 0;
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = takenAtLast(lanes);
        }
    }

    /** The pulse takes the lane back and another thread comes, as its owner does. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 2", expect = ACCEPTABLE, desc = "one after the other")
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "the owner had it")
    @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "the other had it")
    @Outcome(
            id = {"1, -10, 1", "-10, 1, 1"},
            expect = ACCEPTABLE_INTERESTING,
            desc = "one of them is lost, as if it had been written off")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE_INTERESTING, desc = "both counted in the same instant, as one")
    public static class TakenBackAsItsOwnerComes {
        private final long[] lanes = takenInARow(Lanes.OWNED);

        @Actor
        public void owner(III_Result result) {
            result.r1 = call(lanes, 0, ONE);
        }

        @Actor
        public void pulseAndOther(III_Result result) {
            Lanes.share(lanes);
            result.r2 = call(lanes, 0, OTHER);
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = takenAtLast(lanes);
        }
    }

    /** The owner's call is written off by the pulse as it ends, and the next begins. */
    @JCStressTest
    @State
    @Outcome(id = "2, 0, 2", expect = ACCEPTABLE, desc = "the first call was first")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "the pulse was first")
    @Outcome(id = "2, 1, 2", expect = ACCEPTABLE_INTERESTING, desc = "it counts as what it was, and as failed")
    public static class OwnersCallIsWrittenOff {
        private final long[] lanes = takenInARow(Lanes.OWNED);
        private final long permit = Lanes.claim(lanes, Permit.of(0, 0), ONE);

        @Actor
        public void owner(III_Result result) {
            result.r1 = (Lanes.succeeded(lanes, permit, 0) ? 1 : 0) + call(lanes, 2_000_000, ONE);
        }

        @Actor
        public void writeOff(III_Result result) {
            result.r2 = Lanes.writeOff(lanes, permit) ? 1 : 0;
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = takenAtLast(lanes);
        }
    }
}
