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

/** What a rate limit gives is given once. */
final class RateStress {
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the first got it")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the second got it")
    public static class LastSlot {
        private final RateLimit limit = new RateLimit(new RateConfig(1, RateConfig.SECOND, 1), 0);

        @Actor
        public void one(II_Result result) {
            result.r1 = limit.tryAcquire(0) ? 1 : 0;
        }

        @Actor
        public void other(II_Result result) {
            result.r2 = limit.tryAcquire(0) ? 1 : 0;
        }
    }

    /**
     * There are four slots, so two leases, and an owner that stayed away until another thread may displace it with its next
     * lease. Both come; afterwards they take what they find.
     */
    @JCStressTest
    @State
    @Outcome(id = "0, 0, 4", expect = ACCEPTABLE, desc = "each once")
    @Outcome(id = "0, 0, 3", expect = ACCEPTABLE_INTERESTING, desc = "one was in a lease that was displaced")
    public static class OwnerDisplaced {
        private static final int BURST = 128;
        private static final long LATER = 1_000_000_000;
        private static final long OWNER = 1;
        private static final long OTHER = 9;

        private final RateLimit limit = new RateLimit(new RateConfig(100_000, RateConfig.SECOND, BURST), 0);

        public OwnerDisplaced() {
            take(0, OWNER, 4, 0);
            // one lease less than it needs; nothing of them is left
            take(0, OTHER, 2 * (RateLimit.STAYS_AWAY - 1), LATER);
            take(1, OTHER, BURST - 4, 2 * LATER);
        }

        private int take(int stripe, long thread, int asked, long now) {
            int taken = 0;
            for (int i = 0; i < asked; i++) {
                taken += limit.tryAcquire(stripe, thread, now) ? 1 : 0;
            }
            return taken;
        }

        @Actor
        public void owner(III_Result result) {
            result.r1 = take(0, OWNER, 2, 2 * LATER);
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = take(0, OTHER, 2, 2 * LATER);
        }

        @Arbiter
        public void judge(III_Result result) {
            result.r3 = result.r1 + result.r2 + take(0, OWNER, 4, 2 * LATER) + take(0, OTHER, 4, 2 * LATER);
            result.r1 = 0;
            result.r2 = 0;
        }
    }
}
