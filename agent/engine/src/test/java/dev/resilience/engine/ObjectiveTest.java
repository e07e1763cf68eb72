package dev.resilience.engine;

import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ObjectiveTest {
    private static final Duration BOUND = Duration.ofMillis(100);
    private static final Duration WAIT = Duration.ofSeconds(2);

    private long now = -5_000_000_000L;
    private boolean mayOpen = true;
    private Objective objective = new Objective(ServiceBench.SLO, () -> 0, now);

    private void pulse() {
        now += 100_000_000;
        objective.pulse(() -> mayOpen, now);
    }

    private void pass(Duration time) {
        for (long left = time.toMillis() / 100; left > 0; left--) {
            pulse();
        }
    }

    private void calls(int times, Outcome outcome, Duration latency) {
        for (int i = 0; i < times; i++) {
            objective.ended(outcome, latency.toNanos(), now);
        }
    }

    /** For ten seconds, or until it is missed, to ten times the latency. */
    private void climb(Outcome outcome, int fromMillis) {
        for (int tick = 0; tick < 100 && !objective.isBlamed() && objective.cause() == null; tick++) {
            calls(
                    5,
                    outcome,
                    Duration.ofMillis(fromMillis).multipliedBy(10 + tick).dividedBy(10));
            pulse();
        }
    }

    private void miss() {
        climb(SUCCESS, 50);
        assertThat(objective.cause()).startsWith("slo: over 100ms=");
    }

    @Nested
    class Kept {
        @Test
        void isStillUntilACallEnds() {
            assertThat(objective.isStill()).isTrue();
            calls(1, IGNORED, Duration.ZERO);
            assertThat(objective.isStill()).isTrue();
            calls(1, SUCCESS, Duration.ZERO);
            assertThat(objective.isStill()).isFalse();
        }

        @Test
        void isMissedByCallsThatTakeLongerAndLonger() {
            assertThat(objective.retryAfterNanos(now)).isZero();
            miss();
            assertThat(objective.retryAfterNanos(now)).isEqualTo(WAIT.toNanos());
            assertThat(objective.isStill()).isFalse();
        }

        @Test
        void isMissedByCallsThatFailHoweverFast() {
            climb(FAILURE, 5);
            assertThat(objective.cause()).startsWith("slo: over 100ms=");
        }

        @Test
        void isNotMissedByCallsWithinIt() {
            climb(SUCCESS, 9);
            assertThat(objective.cause()).isNull();
        }

        @Test
        void countsNoCallThatBeganBeforeItself() {
            calls(1, SUCCESS, Duration.ofNanos(1));
            assertThat(objective.isStill()).isTrue();
            now += 5;
            calls(1, SUCCESS, Duration.ofNanos(5));
            assertThat(objective.isStill()).isFalse();
        }

        @Test
        void isBlamedWhileItIsMissedAndMayNotOpen() {
            mayOpen = false;
            climb(SUCCESS, 50);
            assertThat(objective.isBlamed()).isTrue();
            assertThat(objective.cause()).isNull();
            assertThat(objective.retryAfterNanos(now)).isZero();
        }

        @Test
        void keepsWhatItCountedWhenItIsReadmitted() {
            calls(1, SUCCESS, Duration.ZERO);
            objective.readmit(now);
            assertThat(objective.isStill()).isFalse();
        }
    }

    @Nested
    class Missed {
        @BeforeEach
        void missIt() {
            miss();
        }

        @Test
        void isNotBlamedAsItSaysSoItself() {
            assertThat(objective.isBlamed()).isFalse();
        }

        @Test
        void letsCallsPassAfterTheWait() {
            pass(WAIT.minusMillis(100));
            assertThat(objective.cause()).isNotNull();
            assertThat(objective.retryAfterNanos(now)).isEqualTo(100_000_000);
            pulse();
            assertThat(objective.cause()).isNull();
            assertThat(objective.retryAfterNanos(now)).isZero();
        }

        @Test
        void aClockThatIsSetBackEndsTheWait() {
            objective.pulse(() -> true, now);
            assertThat(objective.cause()).isNotNull();
            objective.pulse(() -> true, now - 1);
            assertThat(objective.cause()).isNull();
        }

        @Test
        void beginsAnewWhenItIsReadmitted() {
            objective.readmit(now);
            assertThat(objective.cause()).isNull();
            assertThat(objective.retryAfterNanos(now)).isZero();
            assertThat(objective.isStill()).isTrue();
        }
    }

    /** Of four calls three have to keep it. */
    @Nested
    class OnTrial {
        @BeforeEach
        void awaitIt() {
            miss();
            pass(WAIT);
            assertThat(objective.cause()).isNull();
        }

        @Test
        void isNotStill() {
            assertThat(objective.isStill()).isFalse();
            assertThat(objective.isBlamed()).isFalse();
        }

        @Test
        void threeThatKeepItAreEnough() {
            now += BOUND.toNanos();
            calls(2, SUCCESS, BOUND);
            pulse();
            assertThat(objective.isStill()).isFalse();
            calls(1, SUCCESS, BOUND);
            pulse();
            assertThat(objective.isStill()).isTrue();
        }

        @Test
        void oneMayMissIt() {
            now += BOUND.toNanos() + 1;
            calls(1, SUCCESS, BOUND.plusNanos(1));
            pulse();
            assertThat(objective.cause()).isNull();
            calls(3, SUCCESS, BOUND);
            pulse();
            assertThat(objective.isStill()).isTrue();
        }

        @Test
        void twoThatFailOrAreTooSlowMissItAgain() {
            now += BOUND.toNanos() + 1;
            calls(1, SUCCESS, BOUND.plusNanos(1));
            calls(1, FAILURE, Duration.ZERO);
            pulse();
            assertThat(objective.cause()).isEqualTo("slo: missed by 2 calls on trial");
            assertThat(objective.retryAfterNanos(now)).isEqualTo(WAIT.toNanos());
        }

        @Test
        void callsThatBeganBeforeHaveNoVote() {
            calls(4, SUCCESS, Duration.ofNanos(1));
            calls(4, FAILURE, Duration.ofNanos(1));
            calls(4, IGNORED, Duration.ZERO);
            pulse();
            assertThat(objective.cause()).isNull();
            assertThat(objective.isStill()).isFalse();
        }

        @Test
        void aCallThatBeganInThatVeryInstantHas() {
            calls(3, SUCCESS, Duration.ZERO);
            pulse();
            assertThat(objective.isStill()).isTrue();
        }
    }

    @Test
    void waitsTwiceAsLongAfterEachFailedTrial() {
        BreakerConfig config = ServiceBench.SLO;
        objective = new Objective(
                new BreakerConfig(
                        config.strategy(),
                        WAIT,
                        Duration.ofSeconds(60),
                        0,
                        config.probes(),
                        config.probeSuccessRate(),
                        config.probeTimeout()),
                () -> 0,
                now);
        miss();
        for (int seconds = 2; seconds <= 32; seconds *= 2) {
            assertThat(objective.retryAfterNanos(now)).isEqualTo(seconds * 1_000_000_000L);
            pass(Duration.ofSeconds(seconds));
            calls(2, FAILURE, Duration.ZERO);
            pulse();
        }
    }
}
