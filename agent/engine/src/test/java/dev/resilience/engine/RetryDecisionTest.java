package dev.resilience.engine;

import static dev.resilience.engine.RetryDecision.NOT_TOLD;
import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.engine.RetryDecision.Attempt;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RetryDecisionTest {
    private static final long MILLI = 1_000_000;
    private static final long NOW = -7;
    private static final RetryConfig CONFIG =
            new RetryConfig(3, new Backoff(Duration.ofMillis(10), Duration.ofSeconds(1)), 0.1);

    private final RetryBudget budget = new RetryBudget(0.1, NOW);
    private final RetryDecision decision = new RetryDecision(CONFIG, budget);
    private final SplittableRandom random = new SplittableRandom(1);

    private long decide(Attempt attempt) {
        return decision.decide(attempt, false, random, NOW);
    }

    private RetryReason why(Attempt attempt) {
        return RetryDecision.reason(decide(attempt));
    }

    private static Attempt failed() {
        return new Attempt(1, CallEnd.FAULT, true, true, NOT_TOLD, Long.MAX_VALUE, 0);
    }

    private static Attempt told(long pushBack, long left, long needed) {
        return new Attempt(1, CallEnd.FAULT, true, true, pushBack, left, needed);
    }

    @ParameterizedTest
    @CsvSource({
        "1, FAULT, true, true, AGAIN",
        "2, FAULT, true, true, AGAIN",
        "3, FAULT, true, true, ATTEMPTS_SPENT",
        "4, FAULT, true, true, ATTEMPTS_SPENT",
        "1, SILENCE, true, true, AGAIN",
        "1, ANSWERED, true, true, NO_FAULT",
        "1, CANCELLED, true, true, NO_FAULT",
        "1, REFUSED, true, true, OWN_REFUSAL",
        "1, REFUSED, false, false, OWN_REFUSAL",
        "1, FAULT, false, true, NOT_IDEMPOTENT",
        "1, SILENCE, false, true, NOT_IDEMPOTENT",
        "1, FAULT, true, false, NOT_REPLAYABLE",
        "3, FAULT, false, false, NOT_IDEMPOTENT",
    })
    void saysWhy(int number, CallEnd end, boolean isIdempotent, boolean isReplayable, RetryReason expected) {
        Attempt attempt = new Attempt(number, end, isIdempotent, isReplayable, NOT_TOLD, Long.MAX_VALUE, 0);

        assertThat(why(attempt)).isEqualTo(expected);
        assertThat(budget.retries()).isEqualTo(expected == RetryReason.AGAIN ? 1 : 0);
        assertThat(budget.refusals()).isZero();
    }

    @Test
    void waitsLongerEachTime() {
        for (int i = 0; i < 1000; i++) {
            assertThat(CONFIG.backoff().nanos(1, Long.MAX_VALUE, random)).isBetween(0L, 10 * MILLI);
        }
        assertThat(decide(failed())).isBetween(0L, 10 * MILLI);
    }

    @Test
    void stopsWhenNothingIsLeftOfTheBudget() {
        assertThat(why(failed())).isEqualTo(RetryReason.AGAIN);
        assertThat(why(failed())).isEqualTo(RetryReason.BUDGET_SPENT);
        assertThat(budget.refusals()).isEqualTo(1);
    }

    @Test
    void asksForNoBudgetWhereTheTargetHasRoom() {
        for (int i = 0; i < 100; i++) {
            assertThat(RetryDecision.reason(decision.decide(failed(), true, random, NOW)))
                    .isEqualTo(RetryReason.AGAIN);
        }
    }

    /** A target that does not answer has shown no room. */
    @Test
    void takesSilenceForNoRoom() {
        Attempt silent = new Attempt(1, CallEnd.SILENCE, true, true, NOT_TOLD, Long.MAX_VALUE, 0);
        decide(failed());

        assertThat(RetryDecision.reason(decision.decide(silent, true, random, NOW)))
                .isEqualTo(RetryReason.BUDGET_SPENT);
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 1000000000, 0, TOLD_NOT_TO",
        "-9223372036854775807, 1000000000, 0, TOLD_NOT_TO",
        "0, 1000000000, 0, AGAIN",
        "0, 1, 0, AGAIN",
        "0, 0, 0, NO_TIME",
        "0, -1, 0, NO_TIME",
        "0, -9223372036854775808, 9223372036854775807, NO_TIME",
        "500, 501, 0, AGAIN",
        "500, 500, 0, NO_TIME",
        "500, 600, 99, AGAIN",
        "500, 600, 100, NO_TIME",
        "9223372036854775807, 9223372036854775807, 0, NO_TIME",
        "9223372036854775806, 9223372036854775807, 0, AGAIN",
        "3600000000000, 9223372036854775807, 0, AGAIN",
        "0, 9223372036854775807, -5, AGAIN",
    })
    void obeysWhatItIsToldWithinTheTimeThatIsLeft(long pushBack, long left, long needed, RetryReason expected) {
        long decided = decide(told(pushBack, left, needed));

        assertThat(RetryDecision.reason(decided)).isEqualTo(expected);
        if (expected == RetryReason.AGAIN) {
            assertThat(decided).isBetween(pushBack, left - Math.max(0, needed));
        }
    }

    @Test
    void neverComesEarlierThanToldNorLaterThanThereIsTime() {
        for (int i = 0; i < 100_000; i++) {
            long left = random.nextLong(2_000 * MILLI);
            long pushBack = random.nextInt(3) == 0 ? NOT_TOLD : random.nextLong(1_000 * MILLI);
            long needed = random.nextLong(50 * MILLI);
            Attempt attempt = new Attempt(1 + random.nextInt(4), CallEnd.FAULT, true, true, pushBack, left, needed);
            long decided = decision.decide(attempt, true, random, NOW);
            if (decided >= 0) {
                assertThat(decided).isBetween(Math.max(0, pushBack), left - needed);
                assertThat(attempt.number()).isLessThan(3);
            } else {
                assertThat(RetryDecision.reason(decided)).isIn(RetryReason.NO_TIME, RetryReason.ATTEMPTS_SPENT);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RetryReason.class)
    void codesEachReason(RetryReason reason) {
        assertThat(RetryDecision.reason(reason == RetryReason.AGAIN ? 5 : reason.code()))
                .isEqualTo(reason);
        assertThat(reason.text()).matches("[a-z_]+");
    }
}
