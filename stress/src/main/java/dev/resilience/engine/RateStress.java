package dev.resilience.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two calls want the last slot of a rate limit. */
@JCStressTest
@State
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the first got it")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the second got it")
public class RateStress {
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
