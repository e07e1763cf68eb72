package dev.resilience.engine;

import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdaptiveRaceTest {
    private static final int ROUNDS = 2_000;

    private final ExecutorService two = Executors.newFixedThreadPool(2);

    @AfterEach
    void stop() {
        two.shutdownNow();
    }

    @Test
    void tripsOnceHoweverManyFailAtOnce() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            AdaptiveBench bench = new AdaptiveBench();
            long[] permits = bench.acquire(40);
            both(thread -> {
                for (int i = thread; i < permits.length; i += 2) {
                    bench.settle(permits[i], FAILURE);
                }
            });
            assertThat(bench.transitions).hasSize(1);
        }
    }

    /** It is given up, or it decides; then the next one is admitted and no other. */
    @Test
    void aProbeThatEndsWhileItIsGivenUpCountsOnce() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            AdaptiveBench bench = new AdaptiveBench();
            bench.warm(1);
            bench.ready();
            long probe = bench.acquire();
            bench.now += AdaptiveBench.PULSE;
            bench.pulse();
            bench.now += 2 * AdaptiveBench.PULSE;
            both(thread -> {
                if (thread == 0) {
                    bench.settle(probe, SUCCESS);
                } else {
                    bench.pulse();
                }
            });
            assertThat(bench.secondsToClose(10)).isLessThan(5);
            assertThat(bench.transitions).hasSize(3);
        }
    }

    @Test
    void noCallIsLostOrDoubledWhileThePulseDecidesAndStripesGrow() throws Exception {
        AdaptiveBench bench = new AdaptiveBench(new Strategy.Adaptive(false, true, 2, 10_000), 7, 0);
        both(thread -> {
            for (int i = 0; i < 300_000; i++) {
                bench.breaker.settle(bench.breaker.tryAcquire(0), SUCCESS, 0);
                if (thread == 0 && i % 20_000 == 0) {
                    bench.pass(Duration.ofMillis(100));
                }
            }
        });
        assertThat(bench.breaker.inFlight()).isZero();
    }

    @Test
    void aCallWrittenOffWhileItEndsLeavesTheLimitOnce() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            AdaptiveBench bench = new AdaptiveBench();
            bench.warm(1);
            long[] old = bench.acquire(8);
            for (int i = 0; i < 10; i++) {
                bench.calls(20, 10 * AdaptiveBench.MILLI, SUCCESS);
                bench.pass(Duration.ofMillis(100));
            }
            bench.now += AdaptiveBench.PULSE;
            both(thread -> {
                if (thread == 0) {
                    bench.settle(old, SUCCESS);
                } else {
                    bench.pulse();
                }
            });
            assertThat(bench.breaker.inFlight()).isZero();
        }
    }

    private void both(IntConsumer race) throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        List<Callable<Boolean>> racers = List.of(racer(start, race, 0), racer(start, race, 1));
        for (Future<Boolean> racer : two.invokeAll(racers)) {
            assertThat(racer.get()).isTrue();
        }
    }

    private static Callable<Boolean> racer(CyclicBarrier start, IntConsumer race, int thread) {
        return () -> {
            start.await();
            race.accept(thread);
            return true;
        };
    }
}
