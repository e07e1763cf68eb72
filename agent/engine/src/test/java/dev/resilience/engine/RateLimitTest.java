package dev.resilience.engine;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
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

class RateLimitTest {
    private long now = Long.MAX_VALUE - 100;

    private static RateConfig perSecond(int calls, int burst) {
        return new RateConfig(calls, RateConfig.SECOND, burst);
    }

    private RateLimit limit(int calls, int burst) {
        RateLimit limit = new RateLimit(perSecond(calls, burst), now);
        limit.leaseFromNowOn();
        return limit;
    }

    private int admitted(RateLimit limit, int asked) {
        int admitted = 0;
        for (int i = 0; i < asked; i++) {
            admitted += limit.tryAcquire(now) ? 1 : 0;
        }
        return admitted;
    }

    /** A slot each 10 us, a lease of 64: when 590 us have passed, five slots of the lease have not. */
    @Test
    void aLeaseLapsesSlotBySlotAndWhatHasLapsedIsGivenToNobodyTwice() {
        now = 0;
        RateLimit limit = limit(100_000, 6_400);
        assertThat(limit.tryAcquire(0, now)).isTrue();
        assertThat(admitted(limit, 1, 10_000)).isEqualTo(6_400 - 64);
        assertThat(limit.tryAcquire(2, now)).isFalse();

        now = 590_000;
        assertThat(admitted(limit, 2, 10_000)).isEqualTo(59);
        assertThat(admitted(limit, 0, 10_000)).isEqualTo(5);
    }

    @Test
    void hasTheConfigItWasMadeWith() {
        assertThat(limit(10, 5).config()).isEqualTo(perSecond(10, 5));
    }

    private int admitted(RateLimit limit, int stripe, int asked) {
        int admitted = 0;
        for (int i = 0; i < asked; i++) {
            admitted += limit.tryAcquire(stripe, now) ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void admitsTheBurstAtOnceAndThenTheRate() {
        RateLimit limit = limit(10, 5);

        assertThat(admitted(limit, 20)).isEqualTo(5);
        now += MILLISECONDS.toNanos(99);
        assertThat(admitted(limit, 20)).isZero();
        now += MILLISECONDS.toNanos(1);
        assertThat(admitted(limit, 20)).isEqualTo(1);
        now += SECONDS.toNanos(1);
        assertThat(admitted(limit, 20)).isEqualTo(5);
    }

    @Test
    void saysWhenToComeBackAndKeepsItsWord() {
        RateLimit limit = limit(10, 5);
        assertThat(limit.retryAfterNanos(now)).isZero();
        admitted(limit, 5);

        assertThat(limit.retryAfterNanos(now)).isEqualTo(MILLISECONDS.toNanos(100));
        now += MILLISECONDS.toNanos(30);
        long left = limit.retryAfterNanos(now);
        assertThat(left).isEqualTo(MILLISECONDS.toNanos(70));
        now += left - 1;
        assertThat(limit.tryAcquire(now)).isFalse();
        now++;
        assertThat(limit.retryAfterNanos(now)).isZero();
        assertThat(limit.tryAcquire(now)).isTrue();
    }

    @Test
    void restsOnceItsBurstIsBack() {
        RateLimit limit = limit(10, 5);
        assertThat(limit.isAtRest(now)).isTrue();
        admitted(limit, 5);

        now += MILLISECONDS.toNanos(499);
        assertThat(limit.isAtRest(now)).isFalse();
        now += MILLISECONDS.toNanos(1);
        assertThat(limit.isAtRest(now)).isTrue();
    }

    @Test
    void countsByTheMinuteToo() {
        RateLimit limit = new RateLimit(new RateConfig(30, RateConfig.MINUTE, 1), now);

        assertThat(admitted(limit, 3)).isEqualTo(1);
        assertThat(limit.retryAfterNanos(now)).isEqualTo(SECONDS.toNanos(2));
        now += SECONDS.toNanos(2);
        assertThat(admitted(limit, 3)).isEqualTo(1);
    }

    @Test
    void isNeverFasterThanARateThatDoesNotDivideASecond() {
        RateLimit limit = limit(3, 1);
        int admitted = 0;
        for (int ms = 0; ms < 100_000; ms++) {
            admitted += limit.tryAcquire(now) ? 1 : 0;
            now += MILLISECONDS.toNanos(1);
        }
        assertThat(admitted).isBetween(299, 301);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 100_000})
    void givesABurstAndNoMoreAfterAnIdleCentury(int rate) {
        RateLimit limit = limit(rate, rate);
        admitted(limit, 3 * rate);

        now += HOURS.toNanos(24 * 365 * 100L);

        assertThat(admitted(limit, 3 * rate)).isEqualTo(rate);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 100_000})
    void startsAnewWithNothingWhenTheClockStepsBack(int rate) {
        RateLimit limit = limit(rate, rate);
        admitted(limit, rate / 2);

        now -= HOURS.toNanos(1);

        assertThat(admitted(limit, 3 * rate)).isZero();
        assertThat(limit.retryAfterNanos(now)).isBetween(1L, SECONDS.toNanos(1));
        now += SECONDS.toNanos(1);
        assertThat(admitted(limit, 3 * rate)).isEqualTo(rate);
    }

    @Test
    void refusesForSecondsAtMostWhenTheClockStepsBackALittle() {
        RateLimit limit = limit(10, 5);
        admitted(limit, 5);

        now -= SECONDS.toNanos(4);
        long until = now + SECONDS.toNanos(5);
        while (!limit.tryAcquire(now)) {
            now += MILLISECONDS.toNanos(10);
        }

        assertThat(until - now).isGreaterThan(0);
    }

    @Test
    void waitsForAClockThatIsFiveSecondsBackAndForNoneFurtherBack() {
        RateLimit limit = limit(10, 5);
        admitted(limit, 5);

        long back = now - SECONDS.toNanos(5);
        assertThat(limit.retryAfterNanos(back)).isEqualTo(MILLISECONDS.toNanos(5_100));
        assertThat(limit.retryAfterNanos(back - 1)).isEqualTo(MILLISECONDS.toNanos(100));
    }

    @Test
    void givesNothingTwiceToAThreadThatWasHeldUp() {
        RateLimit limit = limit(10, 5);
        long late = now;
        now += SECONDS.toNanos(3);
        assertThat(admitted(limit, 9)).isEqualTo(5);

        assertThat(limit.tryAcquire(late)).isFalse();
        assertThat(limit.tryAcquire(now)).isFalse();
    }

    @Test
    void comesBackFromAClockThatJumpsAheadForAMoment() {
        RateLimit limit = limit(100_000, 100_000);
        admitted(limit, 10);
        now += HOURS.toNanos(1000);
        admitted(limit, 10);
        now -= HOURS.toNanos(1000);

        admitted(limit, 1);
        now += SECONDS.toNanos(1);
        assertThat(admitted(limit, 200_000)).isEqualTo(100_000);
    }

    @Test
    void leasesNothingAtRatesWhereNobodyFights() {
        RateLimit limit = limit(1000, 1000);

        assertThat(limit.tryAcquire(0, now)).isTrue();

        for (int i = 1; i < 1000; i++) {
            assertThat(limit.tryAcquire(1, now)).isTrue();
        }
        assertThat(limit.tryAcquire(1, now)).isFalse();
    }

    @Test
    void losesAnEighthOfABurstAtMostToLeasesOfOthersAndOnlyUntilTheyLapse() {
        RateLimit limit = limit(100_000, 4096);
        for (int stripe = 0; stripe < 8; stripe++) {
            assertThat(limit.tryAcquire(stripe, now)).isTrue();
        }
        int first = 0;
        while (limit.tryAcquire(0, now)) {
            first++;
        }
        assertThat(first).isBetween(4096 - 8 - 512, 4096 - 8);

        now += SECONDS.toNanos(1);
        int again = 0;
        while (limit.tryAcquire(0, now)) {
            again++;
        }
        assertThat(again).isEqualTo(4096);
    }

    static Stream<Arguments> walks() {
        return Stream.of(
                        perSecond(10, 1),
                        perSecond(7, 30),
                        new RateConfig(45, RateConfig.MINUTE, 3),
                        perSecond(900, 100),
                        perSecond(30_000, 30_000),
                        perSecond(200_000, 5_000),
                        perSecond(1_000_000, 1_000_000))
                .flatMap(config ->
                        LongStream.rangeClosed(1, 20).mapToObj(seed -> Arguments.of(config, config.burst(), seed)));
    }

    /** Beside the algorithm as books have it, which knows no lease; a failure names the walk that replays it. */
    @ParameterizedTest(name = "{0}, burst {1}, seed {2}")
    @MethodSource("walks")
    void isNeverAboveBurstAndRateAndHardlyBelow(RateConfig config, int burst, long seed) {
        Random random = new Random(seed);
        now = random.nextLong();
        RateLimit limit = new RateLimit(config, now);
        if (seed % 4 != 0) {
            limit.leaseFromNowOn();
        }
        long interval = (config.per().toNanos() + config.calls() - 1) / config.calls();
        long span = interval * burst;
        boolean leases = interval <= 500_000 && burst >= 128 && seed % 4 != 0;
        long kept = leases ? 8 * Math.min(64, burst / 64) : 0;
        long audit = now; // of what was admitted, whatever was said
        long naive = now;
        long refusedWrongly = 0;
        double pace = 1;

        for (int step = 0; step < 20_000; step++) {
            if (random.nextInt(500) == 0) {
                pace = Math.exp(random.nextGaussian() * 2);
                now += random.nextInt(4) == 0 ? (long) (random.nextDouble() * 2 * span) : 0;
            }
            now += (long) (interval * pace * random.nextDouble() * 2);
            int stripe = random.nextInt(4) == 0 ? random.nextInt(8) : 0;

            boolean admitted = limit.tryAcquire(stripe, now);

            if (admitted) {
                audit = (audit - now > 0 ? audit : now) + interval;
                assertThat(audit - now).as("step %d", step).isLessThanOrEqualTo(span);
                naive = (naive - now > 0 ? naive : now) + interval;
            } else if ((naive - now > 0 ? naive - now : 0) + interval <= span) {
                refusedWrongly++;
                assertThat(span - Math.max(0, naive - now)).as("step %d", step).isLessThanOrEqualTo(kept * interval);
            }
            if (!leases) {
                assertThat(refusedWrongly).as("step %d", step).isZero();
            }
        }
    }

    /** Whoever got more before may be refused first, but never has had less. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void aHigherRateOrBurstHasNeverAdmittedLess(long seed) {
        Random random = new Random(seed);
        int calls = 1 + random.nextInt(1_000);
        int burst = 1 + random.nextInt(100);
        int[] low = admitted(perSecond(calls, burst), calls, seed);
        int[] faster = admitted(perSecond(calls + 1 + random.nextInt(500), burst), calls, seed);
        int[] larger = admitted(perSecond(calls, burst + 1 + random.nextInt(50)), calls, seed);
        for (int call = 0; call < low.length; call++) {
            assertThat(faster[call]).as("call %d", call).isGreaterThanOrEqualTo(low[call]);
            assertThat(larger[call]).as("call %d", call).isGreaterThanOrEqualTo(low[call]);
        }
    }

    /** How many by each call, of calls that come at about so many a second, now faster, now slower. */
    private int[] admitted(RateConfig config, int perSecond, long seed) {
        Random random = new Random(seed);
        RateLimit limit = new RateLimit(config, now);
        int[] admitted = new int[5_000];
        double pace = 1;
        long at = now;
        for (int call = 0; call < admitted.length; call++) {
            pace = random.nextInt(200) == 0 ? Math.exp(random.nextGaussian()) : pace;
            at += (long) (2 * pace * random.nextDouble() * SECONDS.toNanos(1) / perSecond);
            admitted[call] = (call == 0 ? 0 : admitted[call - 1]) + (limit.tryAcquire(0, at) ? 1 : 0);
        }
        return admitted;
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 100_000})
    void admitsNotOneTooManyToTwoThreads(int burst) throws Exception {
        ExecutorService two = Executors.newFixedThreadPool(2);
        try {
            for (int round = 0; round < (burst == 100 ? 2_000 : 20); round++) {
                RateLimit limit = round % 2 == 0 ? limit(burst, burst) : new RateLimit(perSecond(burst, burst), now);
                CyclicBarrier start = new CyclicBarrier(2);
                AtomicInteger admitted = new AtomicInteger();
                // the second half of the calls of each comes half a second later, so that the rate gives half a burst
                Runnable race = () -> {
                    try {
                        start.await();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                    int mine = 0;
                    for (int i = 0; i < 2 * burst; i++) {
                        mine += limit.tryAcquire(now + (i < burst ? 0 : SECONDS.toNanos(1) / 2)) ? 1 : 0;
                    }
                    admitted.addAndGet(mine);
                };
                Future<?> one = two.submit(race);
                two.submit(race).get();
                one.get();
                assertThat(admitted.get()).isBetween(burst * 3 / 2 - burst / 8, burst * 3 / 2);
            }
        } finally {
            two.shutdownNow();
        }
    }
}
