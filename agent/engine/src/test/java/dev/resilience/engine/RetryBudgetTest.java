package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryBudgetTest {
    private static final long SECOND = 1_000_000_000;

    private long now = Long.MAX_VALUE - 5 * SECOND;
    private final RetryBudget budget = new RetryBudget(0.1, now);

    private void calls(int times) {
        for (int i = 0; i < times; i++) {
            budget.called();
        }
    }

    private int retries(int wanted) {
        int granted = 0;
        for (int i = 0; i < wanted; i++) {
            granted += budget.tryRetry(false, now) ? 1 : 0;
        }
        return granted;
    }

    private void pass(Duration time) {
        for (long end = now + time.toNanos(); end - now > 0; ) {
            now += Math.min(SECOND / 10, end - now);
            budget.pulse(now);
        }
    }

    @Nested
    class WithCalls {
        @Test
        void grantsATenthOfThemAndTheOneThatIsLent() {
            calls(100);

            assertThat(retries(100)).isEqualTo(11);
            assertThat(budget.retries()).isEqualTo(11);
            assertThat(budget.refusals()).isEqualTo(89);
        }

        @Test
        void keepsFiftyAtMost() {
            calls(10_000);

            assertThat(retries(100)).isEqualTo(51);
        }

        @ParameterizedTest
        @ValueSource(ints = {20, 100, 1000})
        void addsNoMoreThanATenthToAnOutage(int rate) {
            for (int i = 0; i < 70 * rate; i++) {
                calls(1);
                retries(1);
                now += SECOND / rate;
                if (i % Math.max(1, rate / 10) == 0) {
                    budget.pulse(now);
                }
            }
            double offered = 70.0 * rate;

            assertThat((offered + budget.retries()) / offered).isBetween(1.09, 1.11);
        }

        @ParameterizedTest
        @ValueSource(ints = {5, 20, 100, 1000})
        void holdsWhatTheLastTwoSecondsBroughtAfterAQuietTime(int rate) {
            for (int i = 0; i < 600 * rate; i++) {
                calls(1);
                now += SECOND / rate;
                if (i % Math.max(1, rate / 10) == 0) {
                    budget.pulse(now);
                }
            }

            assertThat(budget.balance() / RetryBudget.TOKEN)
                    .isBetween((long) Math.min(48, 0.18 * rate), (long) Math.min(50, 0.2 * rate + 2));
        }
    }

    @Nested
    class WithFewCalls {
        @Test
        void grantsOneASecond() {
            assertThat(retries(5)).isEqualTo(1);
            now += SECOND - 1;
            assertThat(retries(5)).isZero();
            now += 1;
            assertThat(retries(5)).isEqualTo(1);
        }

        @Test
        void forgetsNoTokenHoweverLongItLasts() {
            calls(10);
            pass(Duration.ofHours(1));
            now += SECOND;

            assertThat(retries(5)).isEqualTo(2);
        }

        @Test
        void owesTwoAtMost() {
            for (int i = 0; i < 1000; i++) {
                assertThat(retries(1)).isEqualTo(1);
                now += SECOND;
            }
            calls(10 * RetryBudget.MOST_OWED + 10);

            assertThat(budget.balance()).isEqualTo(RetryBudget.TOKEN);
        }

        @Test
        void lendsAgainAfterTheClockSteppedBack() {
            retries(1);
            now -= SECOND;
            assertThat(retries(1)).isZero();
            now -= 3600 * SECOND;
            assertThat(retries(1)).isEqualTo(1);
            assertThat(retries(1)).isZero();
            now -= 5 * SECOND - 1;
            assertThat(retries(1)).isZero();
            now -= 1;
            assertThat(retries(1)).isEqualTo(1);
        }
    }

    @Nested
    class WhereThereIsRoom {
        @Test
        void costsNothing() {
            calls(10);
            for (int i = 0; i < 1000; i++) {
                assertThat(budget.tryRetry(true, now)).isTrue();
            }

            assertThat(budget.retries()).isEqualTo(1000);
            assertThat(retries(3)).isEqualTo(2);
        }

        @Test
        void isThatOfAClosedAdaptiveBreakerThatIsNotHalfFull() {
            AdaptiveBench bench = new AdaptiveBench(new Strategy.Adaptive(true, true, 1, 8), 7, 0);
            assertThat(RetryBudget.hasRoom(bench.breaker)).isTrue();
            bench.acquire(3);
            assertThat(RetryBudget.hasRoom(bench.breaker)).isTrue();
            bench.acquire(1);
            assertThat(RetryBudget.hasRoom(bench.breaker)).isFalse();
            bench.breaker.open("test", false, bench.now);
            assertThat(RetryBudget.hasRoom(bench.breaker)).isFalse();
        }

        @Test
        void isUnknownToBreakersThatLimitNothing() {
            assertThat(RetryBudget.hasRoom(new Bench(Bench.CONSECUTIVE).breaker))
                    .isFalse();
            assertThat(RetryBudget.hasRoom(new Bench(Bench.config(new Strategy.Adaptive(true, false, 1, 100))).breaker))
                    .isFalse();
        }
    }

    @Nested
    class BesideTheApplicationsOwnRetries {
        @Test
        void givesWayToThem() {
            calls(100);
            for (int i = 0; i < 9; i++) {
                budget.repeated();
            }

            assertThat(retries(5)).isEqualTo(2);
            assertThat(budget.repeats()).isEqualTo(9);
            assertThat(budget.retries()).isEqualTo(2);
        }

        @Test
        void owesForThemWhatItMayOwe() {
            for (int i = 0; i < 1000; i++) {
                budget.repeated();
            }
            calls(10 * RetryBudget.MOST_OWED);

            assertThat(budget.balance()).isZero();
        }
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 20);
    }

    /** Whatever comes when: what is granted is paid for by calls, was there, is owed, or was lent a second apart. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void grantsNoMoreThanItsSourcesGive(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double share = 0.01 + 0.5 * random.nextDouble();
        long start = now;
        RetryBudget drawn = new RetryBudget(share, now);
        long calls = 0;
        double balance = 0;
        long lent = Long.MIN_VALUE;
        long granted = 0;
        long atBottom = 0;
        for (int step = 0; step < 20_000; step++) {
            switch (random.nextInt(8)) {
                case 0 -> now += random.nextLong(SECOND / 5);
                case 1 -> now += random.nextInt(500) == 0 ? random.nextLong(100 * SECOND) : 0;
                case 2, 3 -> {
                    boolean mayLend = lent == Long.MIN_VALUE || now - lent >= SECOND;
                    boolean expected = balance >= 1 - 1e-9 || mayLend;
                    if (Math.abs(balance - 1) > 1e-6) {
                        assertThat(drawn.tryRetry(false, now))
                                .as("step %d", step)
                                .isEqualTo(expected);
                        granted += expected ? 1 : 0;
                        lent = expected && balance < 1 ? now : lent;
                        atBottom += expected && balance - 1 < -RetryBudget.MOST_OWED ? 1 : 0;
                        balance = expected ? Math.max(-RetryBudget.MOST_OWED, balance - 1) : balance;
                    }
                }
                default -> {
                    drawn.called();
                    calls++;
                    balance = Math.min(RetryBudget.MOST_TOKENS, balance + Math.round(share * 1e6) / 1e6);
                }
            }
        }
        assertThat(granted)
                .isLessThanOrEqualTo((long) (share * calls + 0.001 * calls) + RetryBudget.MOST_OWED + atBottom + 1);
        assertThat(atBottom).isLessThanOrEqualTo((now - start) / SECOND + 1);
        assertThat(drawn.balance() / 1e6).isCloseTo(balance, within(1e-3));
    }

    @Test
    void losesAndMakesNoTokenWhenTwoThreadsUseIt() throws Exception {
        int turns = 200_000;
        ExecutorService two = Executors.newFixedThreadPool(2);
        try {
            CyclicBarrier start = new CyclicBarrier(2);
            Callable<Integer> racer = () -> {
                start.await();
                int granted = 0;
                for (int i = 0; i < turns; i++) {
                    budget.called();
                    granted += budget.tryRetry(false, now) ? 1 : 0;
                }
                return granted;
            };
            int granted = 0;
            for (Future<Integer> each : two.invokeAll(List.of(racer, racer))) {
                granted += each.get();
            }
            long paid = 2L * turns * RetryBudget.TOKEN / 10;
            assertThat(granted * RetryBudget.TOKEN).isEqualTo(paid - budget.balance());
        } finally {
            two.shutdownNow();
        }
    }
}
