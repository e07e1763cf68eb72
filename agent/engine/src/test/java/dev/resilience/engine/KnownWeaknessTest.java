package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.HALF_OPEN;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What was shown to go wrong in the breakers people use, done to ours. */
class KnownWeaknessTest {

    @Nested
    class OfResilience4j {
        @Test
        void threeOldSuccessesDoNotCloseItWhileOneProbeIsOut() {
            Bench bench = new Bench(counting(3));
            long[] old = acquire(bench, 13);
            settle(bench, Arrays.copyOf(old, 10), FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);

            bench.halfOpen();
            bench.acquire();
            settle(bench, Arrays.copyOfRange(old, 10, 13), SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
        }

        @Test
        void hungProbesDoNotFreezeIt() {
            Bench bench = new Bench(counting(3));
            bench.halfOpen();
            acquire(bench, 3);

            bench.pass(Duration.ofSeconds(2));
            assertThat(bench.breaker.state()).isEqualTo(OPEN);
            assertThat(bench.secondsToClose(600)).isLessThanOrEqualTo(65);
        }

        /** A million calls that never return trip no breaker that counts endings; what is asked here is that none is lost. */
        @Test
        void aMillionCallsThatNeverReturnLeaveNothingBehindAndFailTogetherWhenTheirDeadlineEndsThem() {
            Bench bench = new Bench(Bench.TIME_WINDOW);
            long[] hung = new long[1_000_000];
            for (int i = 0; i < hung.length; i++) {
                hung[i] = bench.acquire();
            }
            bench.jump(Duration.ofSeconds(1));
            settle(bench, Arrays.copyOf(hung, 20), FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(OPEN);

            bench.close();
            settle(bench, hung, FAILURE);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        }

        @Test
        void cancelledOldCallsDoNotMakeRoomForMoreProbes() {
            Bench bench = new Bench(counting(3));
            long[] old = acquire(bench, 20);
            bench.halfOpen();
            int admitted = 0;
            for (long permit : old) {
                admitted += bench.acquire() == Breaker.REFUSED ? 0 : 1;
                bench.settle(permit, IGNORED);
            }
            admitted += bench.acquire() == Breaker.REFUSED ? 0 : 1;
            assertThat(admitted).isEqualTo(3);
        }

        @Test
        void aStepOfTheClockDoesNotKeepItOpen() {
            Bench bench = new Bench(counting(3));
            bench.trip();
            bench.jump(Duration.ofHours(-1));
            bench.pass(Duration.ofSeconds(31));
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
        }
    }

    @Nested
    class OfFailsafe {
        @Test
        void oldResultsDoNotMakeRoomForMoreProbes() {
            Bench bench = new Bench(counting(10));
            long[] old = acquire(bench, 8);
            bench.halfOpen();
            int admitted = 0;
            for (int i = 0; i < 30; i++) {
                admitted += bench.acquire() == Breaker.REFUSED ? 0 : 1;
                bench.settle(old[i % 8], i % 2 == 0 ? SUCCESS : FAILURE);
            }
            assertThat(admitted).isEqualTo(10);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
        }

        @Test
        void threeOldSuccessesDoNotStandInForTheProbe() {
            Bench bench = new Bench(counting(1));
            long[] old = acquire(bench, 3);
            bench.halfOpen();
            long probe = bench.acquire();
            settle(bench, old, SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(HALF_OPEN);
            bench.settle(probe, SUCCESS);
            assertThat(bench.breaker.state()).isEqualTo(CLOSED);
        }
    }

    private static BreakerConfig counting(int probes) {
        return new BreakerConfig(
                new Strategy.CountWindow(10, 10, 0.5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                0,
                probes,
                1,
                Duration.ofSeconds(2));
    }

    private static long[] acquire(Bench bench, int calls) {
        long[] permits = new long[calls];
        Arrays.setAll(permits, i -> bench.acquire());
        return permits;
    }

    private static void settle(Bench bench, long[] permits, Outcome outcome) {
        for (long permit : permits) {
            bench.settle(permit, outcome);
        }
    }
}
