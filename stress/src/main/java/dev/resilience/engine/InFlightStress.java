package dev.resilience.engine;

import static dev.resilience.engine.StagedAdaptive.PULSE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.L_Result;

/** Calls that enter and leave at once: never more than the limit, none leaks, none leaves twice. */
final class InFlightStress {
    /** Two want the one place. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "the first got in")
    @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "the second got in")
    public static class Limit {
        private final Load load = new Load(0, 1);

        @Actor
        public void one(III_Result result) {
            result.r1 = load.enter(0) == Breaker.LIMITED ? 0 : 1;
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = load.enter(0) == Breaker.LIMITED ? 0 : 1;
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = load.inFlight();
        }
    }

    /** One wants the place another leaves: together with all that come later they are one. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "it got the place that came free")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "it came too early; there was one left")
    public static class LimitAsOneLeaves {
        private final Load load = new Load(0, 1);
        private final long permit = load.enter(0);

        @Actor
        public void leave() {
            load.leave(permit);
        }

        @Actor
        public void enter(II_Result result) {
            result.r1 = load.enter(0) == Breaker.LIMITED ? 0 : 1;
        }

        @Arbiter
        public void judge(II_Result result) {
            for (int i = 0; i < 3; i++) {
                result.r2 += load.enter(0) == Breaker.LIMITED ? 0 : 1;
            }
        }
    }

    /** A call ends in the instant in which the pulse writes it off: one of them takes it out. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "the call")
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "the pulse")
    public static class LeavesAsItIsWrittenOff {
        private final Load load = new Load(0, 10);
        private final long permit = load.enter(0);

        @Actor
        public void end(III_Result result) {
            result.r1 = load.leave(permit) ? 1 : 0;
        }

        @Actor
        public void writeOff(III_Result result) {
            result.r2 = load.leave(permit) ? 1 : 0;
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = load.inFlight();
        }
    }

    /** Two claim a place for the same permit. */
    @JCStressTest
    @State
    @Outcome(id = "2 seen, true", expect = ACCEPTABLE, desc = "each has a place")
    public static class PlacesOfTheirOwn {
        private final CallTable table = new CallTable();
        private long one;
        private long other;

        @Actor
        public void claimOne() {
            one = table.claimMetered(Permit.of(0, 0), 0);
        }

        @Actor
        public void claimOther() {
            other = table.claimMetered(Permit.of(0, 0), 0);
        }

        @Arbiter
        public void judge(L_Result result) {
            AtomicInteger seen = new AtomicInteger();
            table.visit(permit -> seen.addAndGet(permit == one || permit == other ? 1 : 100));
            result.r1 = seen + " seen, " + (isReleased(one) && isReleased(other));
        }

        private boolean isReleased(long permit) {
            return table.release(permit) == CallTable.Held.METERED_CALL;
        }
    }

    /** Two find the table full. */
    @JCStressTest
    @State
    @Outcome(id = "18 seen", expect = ACCEPTABLE, desc = "each has a place")
    public static class PlacesWhileItGrows {
        private final CallTable table = new CallTable();

        public PlacesWhileItGrows() {
            for (int i = 0; i < 16; i++) {
                table.claimMetered(Permit.of(0, i), 0);
            }
        }

        @Actor
        public void claimOne() {
            table.claimMetered(Permit.of(0, 100), 0);
        }

        @Actor
        public void claimOther() {
            table.claimMetered(Permit.of(0, 200), 0);
        }

        @Arbiter
        public void judge(L_Result result) {
            AtomicInteger seen = new AtomicInteger();
            table.visit(permit -> seen.incrementAndGet());
            result.r1 = seen + " seen";
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "one in flight, then none")
    public static class EntersWhileStripesGrow {
        private final Load load = new Load(0, 10);
        private long permit;

        @Actor
        public void enter() {
            permit = load.enter(0);
        }

        @Actor
        public void grow() {
            load.grow(1_000_000, PULSE);
        }

        @Arbiter
        public void judge(II_Result result) {
            result.r1 = load.inFlight();
            load.leave(permit);
            result.r2 = load.inFlight();
        }
    }

    /** A failure is counted while the pulse takes what was counted. */
    @JCStressTest
    @State
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the next pulse finds it")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "this pulse does")
    public static class TakenOnce {
        private final Stripe stripe = Stripe.busy();

        @Actor
        public void fail() {
            stripe.failed();
        }

        @Actor
        public void pulse(II_Result result) {
            result.r1 = stripe.takeFailures();
        }

        @Arbiter
        public void judge(II_Result result) {
            result.r2 = stripe.takeFailures();
        }
    }

    private InFlightStress() {}
}
