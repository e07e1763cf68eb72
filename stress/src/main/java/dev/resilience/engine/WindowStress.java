package dev.resilience.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.LL_Result;
import org.openjdk.jcstress.infra.results.L_Result;

/** Outcomes counted at once, and while the pulse moves on: none is lost, none counted twice. */
final class WindowStress {
    @JCStressTest
    @State
    @Outcome(id = "failures=2 in a row", expect = ACCEPTABLE, desc = "both")
    public static class TwoFailInARow {
        private final StreakWindow window = new StreakWindow(Staged.TWO_IN_A_ROW, 0);

        @Actor
        public void one() {
            window.failed(0);
        }

        @Actor
        public void other() {
            window.failed(0);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = window.counts();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "failures=0 in a row", expect = ACCEPTABLE, desc = "the success came last")
    @Outcome(id = "failures=1 in a row", expect = ACCEPTABLE, desc = "the failure came last")
    public static class ASuccessEndsTheRow {
        private final StreakWindow window = new StreakWindow(Staged.TWO_IN_A_ROW, 0);

        public ASuccessEndsTheRow() {
            window.failed(0);
        }

        @Actor
        public void fail() {
            window.failed(0);
        }

        @Actor
        public void succeed() {
            window.succeeded(0);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = window.counts();
        }
    }

    /** Both overwrite what was there before. */
    @JCStressTest
    @State
    @Outcome(id = "failures=1/2 of the last 2", expect = ACCEPTABLE, desc = "both")
    public static class TheLastTwo {
        private final CallWindow window = new CallWindow(Staged.TWO_OF_TWO, 0);

        public TheLastTwo() {
            window.failed(0);
            window.failed(0);
        }

        @Actor
        public void fail() {
            window.failed(0);
        }

        @Actor
        public void succeed() {
            window.succeeded(0);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = window.counts();
        }
    }

    /** Both want the one cell: the count of failures stays what the cell says. */
    @JCStressTest
    @State
    @Outcome(
            id = "failures=0/1 of the last 1, failures=1/1 of the last 1",
            expect = ACCEPTABLE,
            desc = "the success came last")
    @Outcome(
            id = "failures=1/1 of the last 1, failures=1/1 of the last 1",
            expect = ACCEPTABLE,
            desc = "the failure came last")
    public static class TheLastOne {
        private final CallWindow window = new CallWindow(new Strategy.CountWindow(1, 1, 0.5), 0);

        @Actor
        public void fail() {
            window.failed(0);
        }

        @Actor
        public void succeed() {
            window.succeeded(0);
        }

        @Arbiter
        public void judge(LL_Result result) {
            result.r1 = window.counts();
            window.failed(0);
            result.r2 = window.counts();
        }
    }

    /** Whatever slot they fall in, they stay for the window less a slot and are gone after it. */
    @JCStressTest
    @State
    @Outcome(id = "failures=1/2 in 1s, failures=0/0 in 1s", expect = ACCEPTABLE, desc = "counted once, and let go")
    public static class BesideThePulse {
        private final SlotWindow window =
                new SlotWindow(new Strategy.TimeWindow(Duration.ofSeconds(1), 2, 2, 0.5), 0, 0);

        @Actor
        public void end() {
            window.failed(0);
            window.succeeded(0);
        }

        @Actor
        public void pulse() {
            window.moveOn(500_000_000);
        }

        @Arbiter
        public void judge(LL_Result result) {
            window.moveOn(999_999_999);
            result.r1 = window.counts();
            window.moveOn(2_000_000_000);
            result.r2 = window.counts();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "failures=1/2", expect = ACCEPTABLE, desc = "both")
    public static class Striped {
        private final StripedCounts counted = new StripedCounts();

        @Actor
        public void fail() {
            counted.addFailure();
        }

        @Actor
        public void succeed() {
            counted.addSuccess();
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = counted.sum().toString();
        }
    }

    /** In one stripe, or in two, while it grows: one owns it, or the other does. */
    @JCStressTest
    @State
    @Outcome(id = "failures=1/6", expect = ACCEPTABLE, desc = "all")
    public static class Owned {
        private final StripedCounts counted = new StripedCounts();

        public Owned() {
            grow();
        }

        @Actor
        public void one() {
            counted.addSuccess();
            counted.addSuccess();
            counted.addSuccess();
        }

        @Actor
        public void other() {
            counted.addSuccess();
            counted.addFailure();
            counted.addSuccess();
        }

        @Actor
        public void grow() {
            counted.grow(1_000_000, 1);
        }

        @Arbiter
        public void judge(L_Result result) {
            result.r1 = counted.sum().toString();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the first")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the second")
    public static class OnePlaceForAProbe {
        private final ProbeTable table = new ProbeTable(1);

        @Actor
        public void one(II_Result result) {
            result.r1 = table.add(1) ? 1 : 0;
        }

        @Actor
        public void other(II_Result result) {
            result.r2 = table.add(2) ? 1 : 0;
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the call")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the time-out")
    public static class OneTakesTheProbe {
        private final ProbeTable table = new ProbeTable(1);

        public OneTakesTheProbe() {
            table.add(0);
        }

        @Actor
        public void call(II_Result result) {
            result.r1 = table.remove(0) ? 1 : 0;
        }

        @Actor
        public void timeOut(II_Result result) {
            result.r2 = table.expire(0, 5, 5);
        }
    }

    private WindowStress() {}
}
