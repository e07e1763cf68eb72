package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A million calls, admitted and refused, allocate nothing. */
class LimitsCostTest {
    private static final int CALLS = 1_000_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @ValueSource(ints = {100, 1_000_000})
    void theRateAllocatesNothing(int rate) {
        RateLimit limit = new RateLimit(new RateConfig(rate, RateConfig.SECOND, rate), 0);
        limit.leaseFromNowOn();
        int[] admitted = {0};

        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        if (limit.tryAcquire(i * 500L)) {
                            admitted[0]++;
                        } else {
                            admitted[0] += limit.retryAfterNanos(i * 500L) == 0 ? 1 : 0;
                        }
                    }
                }))
                .isZero();
        assertThat(admitted[0]).isBetween(100, 3 * CALLS - 1);
    }

    @Test
    void neitherAllocatesAsLongAsOneThreadIsAlone() {
        RateLimit rate = new RateLimit(new RateConfig(1_000, RateConfig.SECOND, 10), 0);
        ConcurrencyLimit limit = new ConcurrencyLimit(1);
        int[] refused = {0};

        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        refused[0] += rate.tryAcquire(i * 500L) ? 0 : 1;
                        refused[0] += limit.tryEnter() ? 0 : 1;
                        refused[0] += limit.tryEnter() ? 0 : 1;
                        limit.exit();
                        limit.limit(1);
                    }
                }))
                .isZero();
        assertThat(refused[0]).isPositive();
    }

    @Test
    void theNumberInFlightAllocatesNothing() {
        ConcurrencyLimit limit = new ConcurrencyLimit(20);
        limit.stripeFromNowOn();
        int[] refused = {0};

        assertThat(leastOfThree(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        if (!limit.tryEnter()) {
                            refused[0]++;
                            limit.exit();
                        } else if (i % 64 != 0) {
                            limit.exit();
                        }
                    }
                }))
                .isZero();
        assertThat(refused[0]).isPositive();
    }

    /** The first turns may load classes; a leak would be in all of them. */
    private long leastOfThree(Runnable calls) {
        long least = Long.MAX_VALUE;
        for (int turn = 0; turn < 3; turn++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            calls.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }
}
