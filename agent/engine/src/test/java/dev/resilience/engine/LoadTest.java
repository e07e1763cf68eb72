package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LoadTest {
    private static final long SECOND = 1_000_000_000;

    private final Load load = new Load(5, 50);

    @Nested
    class Growing {
        /** A busy one counts elsewhere; what was in flight before is in flight still. */
        @Test
        void admitsNotOneMoreThanTheLimitWhenACalmStripeBecomesABusyOne() {
            long[] before = enter(40);
            load.grow(Stripe.RING + 1, SECOND);
            load.limit(10);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
            for (int i = 0; i < 35; i++) {
                assertThat(load.leave(before[i])).isTrue();
            }
            enter(5);
            assertThat(load.inFlight()).isEqualTo(10);
            assertThat(load.enter(SECOND)).isEqualTo(Breaker.LIMITED);
        }
    }

    private long[] enter(int calls) {
        long[] permits = new long[calls];
        for (int i = 0; i < calls; i++) {
            permits[i] = load.enter(i * 2_048L);
            assertThat(Breaker.isRefusal(permits[i])).isFalse();
        }
        return permits;
    }
}
