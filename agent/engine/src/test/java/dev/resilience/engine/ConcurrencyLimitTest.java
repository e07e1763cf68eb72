package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConcurrencyLimitTest {
    /** As it is once two threads met. */
    private static ConcurrencyLimit striped(int calls) {
        ConcurrencyLimit limit = new ConcurrencyLimit(calls);
        limit.stripeFromNowOn();
        return limit;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 15, 16, 17, 100, 1000})
    void letsInTheLimitAndNotOneMore(int calls) {
        ConcurrencyLimit limit = new ConcurrencyLimit(calls);
        for (int i = 0; i < calls; i++) {
            assertThat(limit.tryEnter()).isTrue();
        }

        assertThat(limit.tryEnter()).isFalse();
        assertThat(limit.inFlight()).isEqualTo(calls);
        limit.exit();
        assertThat(limit.tryEnter()).isTrue();
        assertThat(limit.tryEnter()).isFalse();
    }

    @Test
    void lendsAPlaceThatAnyStripeGotBack() {
        ConcurrencyLimit limit = striped(64);
        for (int i = 0; i < 64; i++) {
            limit.tryEnter(0);
        }
        for (int i = 0; i < 64; i++) {
            limit.exit(i % 8);
        }
        assertThat(limit.inFlight()).isZero();

        for (int i = 0; i < 64; i++) {
            assertThat(limit.tryEnter(3)).isTrue();
        }
        assertThat(limit.tryEnter(3)).isFalse();
    }

    @Test
    void letsNobodyInUntilALowerLimitIsReached() {
        ConcurrencyLimit limit = striped(100);
        for (int i = 0; i < 80; i++) {
            limit.tryEnter(i % 8);
        }
        for (int i = 0; i < 30; i++) {
            limit.exit(i % 8);
        }

        limit.limit(20);

        assertThat(limit.limit()).isEqualTo(20);
        assertThat(limit.inFlight()).isEqualTo(50);
        for (int i = 0; i < 30; i++) {
            assertThat(limit.tryEnter(i % 8)).isFalse();
            limit.exit(i % 8);
        }
        assertThat(limit.tryEnter()).isFalse();
        limit.exit();
        assertThat(limit.tryEnter()).isTrue();
        assertThat(limit.inFlight()).isEqualTo(20);
    }

    @Test
    void letsMoreInOnceTheLimitIsHigher() {
        ConcurrencyLimit limit = new ConcurrencyLimit(2);
        limit.tryEnter();
        limit.tryEnter();

        limit.limit(4);

        assertThat(limit.tryEnter()).isTrue();
        assertThat(limit.tryEnter()).isTrue();
        assertThat(limit.tryEnter()).isFalse();
    }

    static Stream<Arguments> walks() {
        return LongStream.rangeClosed(1, 50).mapToObj(Arguments::of);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("walks")
    void agreesWithACounter(long seed) {
        Random random = new Random(seed);
        int allowed = 1 + random.nextInt(200);
        ConcurrencyLimit limit = seed % 4 == 0 ? new ConcurrencyLimit(allowed) : striped(allowed);
        int inFlight = 0;
        for (int step = 0; step < 20_000; step++) {
            int stripe = random.nextInt(8);
            int what = random.nextInt(1000);
            if (what == 0) {
                allowed = 1 + random.nextInt(200);
                limit.limit(allowed);
            } else if (what < 520) {
                assertThat(limit.tryEnter(stripe)).as("step %d", step).isEqualTo(inFlight < allowed);
                inFlight += inFlight < allowed ? 1 : 0;
            } else if (inFlight > 0) {
                limit.exit(stripe);
                inFlight--;
            }
            assertThat(limit.inFlight()).as("step %d", step).isEqualTo(inFlight);
        }
    }

    /** Each call comes when it comes and takes as long as it takes, whatever became of the others. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("walks")
    void aHigherLimitLetsInWhateverALowerOneDoes(long seed) {
        Random random = new Random(seed);
        int low = 1 + random.nextInt(100);
        boolean[] byLow = admitted(low, seed);
        boolean[] byHigh = admitted(low + 1 + random.nextInt(50), seed);
        for (int call = 0; call < byLow.length; call++) {
            assertThat(byHigh[call] || !byLow[call]).as("call %d", call).isTrue();
        }
    }

    private static boolean[] admitted(int allowed, long seed) {
        Random random = new Random(seed);
        ConcurrencyLimit limit = striped(allowed);
        boolean[] admitted = new boolean[5_000];
        int[] ending = new int[admitted.length + 300];
        for (int call = 0; call < admitted.length; call++) {
            for (; ending[call] > 0; ending[call]--) {
                limit.exit(ending[call] % 8);
            }
            admitted[call] = limit.tryEnter(random.nextInt(8));
            ending[call + 1 + random.nextInt(random.nextInt(10) == 0 ? 290 : 90)] += admitted[call] ? 1 : 0;
        }
        return admitted;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 40})
    void neverHasTooManyInFlightAndLosesNoPlace(int calls) throws Exception {
        ConcurrencyLimit limit = new ConcurrencyLimit(calls);
        AtomicInteger inFlight = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        both(seed -> {
            Random random = new Random(seed);
            int mine = 0;
            for (int i = 0; i < 400_000; i++) {
                // on any stripe, as calls may end on any thread
                int stripe = random.nextInt(8);
                if (random.nextBoolean()) {
                    if (limit.tryEnter(stripe)) {
                        int now = inFlight.incrementAndGet();
                        most.accumulateAndGet(now, Math::max);
                        mine++;
                    }
                } else if (mine > 0) {
                    inFlight.decrementAndGet();
                    limit.exit(stripe);
                    mine--;
                }
            }
            for (; mine > 0; mine--) {
                inFlight.decrementAndGet();
                limit.exit(mine % 8);
            }
        });

        assertThat(most.get()).isEqualTo(calls);
        assertThat(limit.inFlight()).isZero();
        for (int i = 0; i < calls; i++) {
            assertThat(limit.tryEnter()).isTrue();
        }
        assertThat(limit.tryEnter()).isFalse();
    }

    @Test
    void losesNoPlaceWhileTheLimitChanges() throws Exception {
        ConcurrencyLimit limit = striped(100);
        both(seed -> {
            Random random = new Random(seed);
            if (seed == 0) {
                for (int i = 0; i < 100_000; i++) {
                    limit.limit(1 + random.nextInt(100));
                }
                return;
            }
            int mine = 0;
            for (int i = 0; i < 400_000; i++) {
                if (random.nextBoolean() && limit.tryEnter(i % 8)) {
                    mine++;
                } else if (mine > 0) {
                    limit.exit(random.nextInt(8));
                    mine--;
                }
            }
            for (; mine > 0; mine--) {
                limit.exit();
            }
        });

        assertThat(limit.inFlight()).isZero();
        limit.limit(37);
        for (int i = 0; i < 37; i++) {
            assertThat(limit.tryEnter()).isTrue();
        }
        assertThat(limit.tryEnter()).isFalse();
    }

    private interface Race {
        void run(int thread);
    }

    private static void both(Race race) throws Exception {
        ExecutorService two = Executors.newFixedThreadPool(2);
        try {
            CyclicBarrier start = new CyclicBarrier(2);
            Future<Boolean> one = two.submit(() -> {
                start.await();
                race.run(0);
                return true;
            });
            Future<Boolean> other = two.submit(() -> {
                start.await();
                race.run(1);
                return true;
            });
            assertThat(one.get()).isTrue();
            assertThat(other.get()).isTrue();
        } finally {
            two.shutdownNow();
        }
    }
}
