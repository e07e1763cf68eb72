package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.HALF_OPEN;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RaceTest {
    private static final int ROUNDS = 5_000;

    private final ExecutorService two = Executors.newFixedThreadPool(2);

    @AfterEach
    void stop() {
        two.shutdownNow();
    }

    static List<BreakerConfig> strategies() {
        return List.of(Bench.CONSECUTIVE, Bench.TIME_WINDOW, Bench.COUNT_WINDOW, Bench.EWMA);
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void tripsOnceHoweverManyFailAtOnce(BreakerConfig config) throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            Bench bench = new Bench(config);
            long[] permits = new long[24];
            for (int i = 0; i < permits.length; i++) {
                permits[i] = bench.acquire();
            }
            both(thread -> {
                for (int i = thread; i < permits.length; i += 2) {
                    bench.settle(permits[i], FAILURE);
                }
            });
            assertThat(bench.transitions).hasSize(1);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(bench.breaker.retryAfterNanos(bench.now)).isEqualTo(30_000_000_000L);
        }
    }

    @Test
    void admitsItsProbesAndNoMoreHoweverManyAskAtOnce() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            Bench bench = new Bench(Bench.probing(3, 1));
            bench.halfOpen();
            AtomicInteger admitted = new AtomicInteger();
            both(thread -> {
                for (int i = 0; i < 4; i++) {
                    if (bench.acquire() != Breaker.REFUSED) {
                        admitted.incrementAndGet();
                    }
                }
            });
            assertThat(admitted).hasValue(3);
        }
    }

    @Test
    void countsAProbeOnceThatEndsWhileItIsGivenUp() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            Bench bench = new Bench(Bench.probing(2, 0.5));
            bench.halfOpen();
            long probe = bench.acquire();
            bench.jump(Duration.ofSeconds(2));
            both(thread -> {
                if (thread == 0) {
                    bench.settle(probe, SUCCESS);
                } else {
                    bench.pulse();
                }
            });
            if (bench.breaker.state() == CLOSED) {
                assertThat(bench.transitions).hasSize(3);
            } else {
                assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
                assertThat(bench.breaker.counts()).isEqualTo("succeeded=0/2 probes, failed=1");
            }
        }
    }

    @Test
    void decidesOnceWhenProbesEndAtOnce() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            Bench bench = new Bench(Bench.probing(2, 0.5));
            bench.halfOpen();
            long[] probes = {bench.acquire(), bench.acquire()};
            int first = round % 2;
            both(thread -> bench.settle(probes[thread], thread == first ? SUCCESS : FAILURE));
            assertThat(bench.transitions).hasSize(3);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        }
    }

    @Test
    void leavesOpenOnceHoweverManyPulse() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            Bench bench = new Bench(Bench.CONSECUTIVE);
            bench.trip();
            bench.jump(Duration.ofSeconds(30));
            both(thread -> bench.pulse());
            assertThat(bench.transitions).hasSize(2);
        }
    }

    @Test
    void losesNoOutcomeWhileThePulseMovesOn() throws Exception {
        Bench bench = new Bench(Bench.TIME_WINDOW);
        int calls = 500_000;
        both(thread -> {
            if (thread == 0) {
                for (int i = 0; i < calls; i++) {
                    bench.breaker.settle(bench.breaker.tryAcquire(0), i % 4 == 0 ? FAILURE : SUCCESS, 0);
                }
            } else {
                for (int i = 0; i < 9_000; i++) {
                    bench.breaker.pulse(i * 1_000_000L);
                }
            }
        });
        assertThat(bench.breaker.counts()).isEqualTo("failures=125000/500000 in 10s");
    }

    @Test
    void keepsTheLastCallsExactlyWhenTwoThreadsEndThem() throws Exception {
        Bench bench = new Bench(Bench.config(new Strategy.CountWindow(7, 7, 0.9)));
        for (int round = 0; round < 200; round++) {
            both(thread -> {
                for (int i = 0; i < 1_001; i++) {
                    bench.call(i % 2 == thread ? FAILURE : SUCCESS);
                }
            });
            bench.calls(4, SUCCESS);
            bench.calls(3, FAILURE);
            assertThat(bench.breaker.counts()).isEqualTo("failures=3/7 of the last 7");
        }
    }

    private void both(IntConsumer race) throws InterruptedException, ExecutionException {
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
