package dev.resilience.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Calls come and go while the limit begins to count them: each is counted once, and as often as it leaves. */
final class MeterStress {
    private static final int WIDE = 1_000;

    /** A call that found nothing to count yet, or found that it has to be counted. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "in flight, and then no more")
    public static class BeginsAsACallEnters {
        private final Load load = new Load(0, WIDE);
        private long permit;

        @Actor
        public void enter() {
            permit = load.enter(0);
        }

        @Actor
        public void lower() {
            load.limit(2);
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r1 = load.inFlight();
            result.r2 = load.leave(permit) ? 1 : 0;
            result.r3 = load.inFlight();
        }
    }

    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "one is left of two")
    public static class BeginsAsACallLeaves {
        private final Load load = new Load(0, WIDE);
        private final long permit = load.enter(0);
        private final long other = load.enter(0);

        @Actor
        public void leave(II_Result result) {
            result.r1 = load.leave(permit) ? 1 : 0;
        }

        @Actor
        public void lower() {
            load.limit(2);
        }

        @Arbiter
        public void judge(II_Result result) {
            result.r2 = load.inFlight();
            load.leave(other);
            result.r2 += load.inFlight();
        }
    }

    /** Two find at once that the table has to grow, and counting to begin. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0, 17", expect = ACCEPTABLE, desc = "the first got in")
    @Outcome(id = "0, 1, 17", expect = ACCEPTABLE, desc = "the second got in")
    public static class BeginsTwice {
        private final Load load = new Load(0, CallTable.SMALL + 1);

        public BeginsTwice() {
            for (int i = 0; i < CallTable.SMALL; i++) {
                load.enter(i * 2_048L);
            }
        }

        @Actor
        public void one(III_Result result) {
            result.r1 = Breaker.isRefusal(load.enter(1_000_000)) ? 0 : 1;
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = Breaker.isRefusal(load.enter(2_000_000)) ? 0 : 1;
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = load.inFlight();
        }
    }

    /** The limit goes up, so counting may end, while a call enters and one leaves. */
    @JCStressTest
    @State
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "one is in flight, counted or not")
    public static class EndsAsCallsComeAndGo {
        private final Load load = new Load(0, 5);
        private final long permit = load.enter(0);

        @Actor
        public void comeAndGo() {
            load.enter(0);
            load.leave(permit);
        }

        @Actor
        public void raise() {
            load.limit(WIDE);
        }

        @Arbiter
        public void judge(II_Result result) {
            result.r1 = load.inFlight();
            load.limit(5);
            result.r2 = load.inFlight();
        }
    }
}
