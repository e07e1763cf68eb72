package dev.resilience.engine;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StripedCountsTest {
    private static final long PULSE = MILLISECONDS.toNanos(100);

    private final StripedCounts counts = new StripedCounts();

    @ParameterizedTest(name = "{0} stripes, {1} calls in {2} ms: {3}")
    @CsvSource({
        "1, 0, 100, 1",
        "1, 10000, 100, 1",
        "1, 10001, 100, 2",
        "1, 20000, 200, 1",
        "2, 20000, 100, 2",
        "2, 20001, 100, 4",
        "4, 40001, 100, 8",
        "8, 1000000, 100, 8",
        "1, 5, 0, 1",
        "1, 5, -100, 1",
        "1, 9223372036854775807, 100, 2"
    })
    void growsWhereOneStripeBearsMoreThanAHundredThousandCallsASecond(
            int stripes, long calls, long millis, int expected) {
        assertThat(Striping.grown(stripes, calls, MILLISECONDS.toNanos(millis))).isEqualTo(expected);
    }

    @Test
    void spreadsThreadsOverAllStripesAndStaysWithinThem() {
        for (int stripes = 1; stripes <= Striping.MOST; stripes *= 2) {
            boolean[] hit = new boolean[stripes];
            int most = stripes;
            for (int i = 0; i < 64; i++) {
                Thread thread = new Thread(() -> hit[Striping.ofThread(most)] = true);
                thread.start();
                join(thread);
            }
            assertThat(hit).as("%d stripes", stripes).doesNotContain(false);
        }
    }

    @Test
    void growsStepByStepAndKeepsWhatWasCounted() {
        for (int stripes = 1; stripes <= Striping.MOST; stripes *= 2) {
            assertThat(counts.stripes()).isEqualTo(stripes);
            counts.addSuccess();
            counts.addFailure();
            counts.grow(1_000_000, PULSE);
        }
        assertThat(counts.stripes()).isEqualTo(Striping.MOST);
        assertThat(counts.sum()).isEqualTo(new Counts(4, 8));
        assertThat(counts.successes()).isEqualTo(4);
    }

    @Test
    void countsWhatTheOwnerOfAStripeAddsAndWhatAllOthersDo() {
        counts.grow(1_000_000, PULSE);
        for (int i = 0; i < 64; i++) {
            Thread thread = new Thread(() -> {
                counts.addSuccess();
                counts.addFailure();
                counts.addSuccess();
            });
            thread.start();
            join(thread);
            assertThat(counts.sum()).isEqualTo(new Counts(i + 1, 3L * (i + 1)));
        }
    }

    /** One of them owns the stripe, and the other does not. */
    @Test
    void losesNothingWhereTwoCountInOneStripe() {
        counts.grow(1_000_000, PULSE);
        int calls = 10_000_000;
        CountDownLatch begun = new CountDownLatch(2);
        List<Thread> callers = new ArrayList<>();
        while (callers.size() < 2) {
            Thread caller = new Thread(() -> {
                begun.countDown();
                await(begun);
                for (int i = 0; i < calls; i++) {
                    counts.addSuccess();
                }
            });
            if (Striping.of(caller.getId(), 2) == 0) {
                callers.add(caller);
            }
        }
        callers.forEach(Thread::start);
        callers.forEach(StripedCountsTest::join);

        assertThat(counts.successes()).isEqualTo(2L * calls);
    }

    @RepeatedTest(20)
    void losesNothingHoweverManyCountWhileItGrows() {
        int calls = 60_000;
        List<Thread> callers = new ArrayList<>();
        CountDownLatch begun = new CountDownLatch(4);
        for (int t = 0; t < 4; t++) {
            Thread caller = new Thread(() -> {
                begun.countDown();
                for (int i = 0; i < calls; i++) {
                    if (i % 3 == 0) {
                        counts.addFailure();
                    } else {
                        counts.addSuccess();
                    }
                }
            });
            caller.start();
            callers.add(caller);
        }
        await(begun);
        long seen = 0;
        while (callers.stream().anyMatch(Thread::isAlive)) {
            long sum = counts.sum().calls();
            assertThat(sum).isGreaterThanOrEqualTo(seen);
            seen = sum;
            counts.grow(1_000_000, PULSE);
        }
        callers.forEach(StripedCountsTest::join);

        assertThat(counts.sum()).isEqualTo(new Counts(4L * calls / 3, 4L * calls));
    }

    @Test
    void growsInTheBreakerByItsPulse() {
        Bench bench = new Bench(Bench.TIME_WINDOW);
        for (int pulse = 0; pulse < 5; pulse++) {
            bench.calls(100_000, Outcome.SUCCESS);
            bench.pass(Duration.ofMillis(100));
        }
        bench.calls(1, Outcome.FAILURE);
        assertThat(bench.breaker.counts()).isEqualTo("failures=1/500001 in 10s");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }
}
