package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdaptiveWordTest {
    private static final long CLOSED = AdaptiveWord.closed(4_094);
    private static final long OPEN = AdaptiveWord.open(CLOSED);

    @Test
    void isInOneStateOnly() {
        assertThat(AdaptiveWord.isClosed(CLOSED)).isTrue();
        assertThat(AdaptiveWord.isOpen(CLOSED)).isFalse();
        assertThat(AdaptiveWord.isRamp(CLOSED)).isFalse();
        assertThat(AdaptiveWord.isClosed(OPEN)).isFalse();
        assertThat(AdaptiveWord.isOpen(OPEN)).isTrue();
        assertThat(AdaptiveWord.isRamp(OPEN)).isFalse();
        long ramp = AdaptiveWord.ramp(OPEN, 0.5);
        assertThat(AdaptiveWord.isClosed(ramp)).isFalse();
        assertThat(AdaptiveWord.isOpen(ramp)).isFalse();
        assertThat(AdaptiveWord.isRamp(ramp)).isTrue();
    }

    @Test
    void admitsAllOnlyWhenClosed() {
        assertThat(AdaptiveWord.admitsAll(CLOSED)).isTrue();
        assertThat(AdaptiveWord.admitsAll(OPEN)).isFalse();
        assertThat(AdaptiveWord.admitsAll(AdaptiveWord.granted(AdaptiveWord.ready(OPEN))))
                .isFalse();
        assertThat(AdaptiveWord.admitsAll(AdaptiveWord.admitting(OPEN, 0.9999))).isFalse();
    }

    @Test
    void countsGenerationsUpAndBeginsAnewAfterTheLast() {
        assertThat(AdaptiveWord.generation(CLOSED)).isEqualTo(4_094);
        assertThat(AdaptiveWord.generation(OPEN)).isEqualTo(4_095);
        long ready = AdaptiveWord.ready(OPEN);
        assertThat(AdaptiveWord.generation(ready)).isEqualTo(4_095);
        long granted = AdaptiveWord.granted(ready);
        assertThat(AdaptiveWord.generation(granted)).isZero();
        assertThat(AdaptiveWord.generation(AdaptiveWord.waiting(granted))).isEqualTo(1);
        assertThat(AdaptiveWord.generation(AdaptiveWord.succeeded(granted))).isZero();
        long ramp = AdaptiveWord.ramp(granted, 0.1);
        assertThat(AdaptiveWord.generation(ramp)).isEqualTo(1);
        assertThat(AdaptiveWord.generation(AdaptiveWord.admitting(ramp, 0.2))).isEqualTo(1);
    }

    @Test
    void beginsClosedWithAGenerationAndOpensWithTheNext() {
        long closed = AdaptiveWord.closed(4_096 + 7);
        assertThat(AdaptiveWord.generation(closed)).isEqualTo(7);
        assertThat(AdaptiveWord.admitsAll(closed)).isTrue();
        long open = AdaptiveWord.open(closed);
        assertThat(AdaptiveWord.isOpen(open)).isTrue();
        assertThat(AdaptiveWord.generation(open)).isEqualTo(8);
    }

    @Test
    void aProbeThatMayYetAnswerLeavesWhatIsKnown() {
        long out = AdaptiveWord.granted(AdaptiveWord.succeeded(AdaptiveWord.waiting(OPEN)));
        long late = AdaptiveWord.waitingForLate(out);
        assertThat(AdaptiveWord.isOpen(late)).isTrue();
        assertThat(AdaptiveWord.isOut(late)).isFalse();
        assertThat(AdaptiveWord.isReady(late)).isFalse();
        assertThat(AdaptiveWord.successes(late)).isEqualTo(1);
        assertThat(AdaptiveWord.failures(late)).isEqualTo(1);
        assertThat(AdaptiveWord.generation(late)).isEqualTo(AdaptiveWord.generation(out) + 1);
    }

    @Test
    void aLateSuccessCountsBesideAProbeThatIsOutOrBringsTheNext() {
        long out = AdaptiveWord.granted(AdaptiveWord.ready(OPEN));
        long late = AdaptiveWord.succeededLate(out);
        assertThat(AdaptiveWord.isOut(late)).isTrue();
        assertThat(AdaptiveWord.isReady(late)).isFalse();
        assertThat(AdaptiveWord.successes(late)).isEqualTo(1);
        assertThat(AdaptiveWord.generation(late)).isEqualTo(AdaptiveWord.generation(out));

        long next = AdaptiveWord.succeededLate(AdaptiveWord.waitingForLate(late));
        assertThat(AdaptiveWord.isOut(next)).isFalse();
        assertThat(AdaptiveWord.isReady(next)).isTrue();
        assertThat(AdaptiveWord.successes(next)).isEqualTo(2);
    }

    @Test
    void isReadyForAProbeOrHasOneOutAndNeverBoth() {
        long ready = AdaptiveWord.ready(OPEN);
        long granted = AdaptiveWord.granted(ready);
        assertThat(AdaptiveWord.isReady(OPEN)).isFalse();
        assertThat(AdaptiveWord.isOut(OPEN)).isFalse();
        assertThat(AdaptiveWord.isReady(ready)).isTrue();
        assertThat(AdaptiveWord.isOut(ready)).isFalse();
        assertThat(AdaptiveWord.isReady(granted)).isFalse();
        assertThat(AdaptiveWord.isOut(granted)).isTrue();
        assertThat(AdaptiveWord.isOut(AdaptiveWord.waiting(granted))).isFalse();
    }

    @Test
    void countsSuccessesInARowAndFailuresInARow() {
        long word = OPEN;
        for (int failures = 1; failures <= 10; failures++) {
            word = AdaptiveWord.waiting(AdaptiveWord.granted(AdaptiveWord.ready(word)));
            assertThat(AdaptiveWord.failures(word)).isEqualTo(failures);
        }
        assertThat(AdaptiveWord.failures(AdaptiveWord.waiting(word))).isEqualTo(10);
        word = AdaptiveWord.succeeded(AdaptiveWord.granted(AdaptiveWord.ready(word)));
        assertThat(AdaptiveWord.successes(word)).isEqualTo(1);
        assertThat(AdaptiveWord.failures(word)).isEqualTo(10);
        word = AdaptiveWord.succeeded(AdaptiveWord.granted(word));
        assertThat(AdaptiveWord.successes(word)).isEqualTo(2);
        assertThat(AdaptiveWord.successes(AdaptiveWord.waiting(word))).isZero();
    }

    /** A share is in 1,024ths. */
    @Test
    void deniesNotOneInAThousandTooMany() {
        long half = AdaptiveWord.ramp(OPEN, 0.5);
        int denied = 0;
        for (int i = 0; i < 100_000; i++) {
            denied += AdaptiveWord.denies(half, i) ? 1 : 0;
        }
        assertThat(denied).isBetween(49_970, 50_030);
    }

    /** And who is admitted at a share is admitted at every higher one. */
    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.256, 0.5, 0.9})
    void admitsItsShareOfTheCallsHoweverEvenlyTheyCome(double share) {
        long ramp = AdaptiveWord.ramp(OPEN, share);
        long more = AdaptiveWord.admitting(ramp, share + 0.05);
        for (long every : new long[] {1_000, 1_000_000, 1_234_567}) {
            int admitted = 0;
            for (int i = 0; i < 20_000; i++) {
                boolean isAdmitted = !AdaptiveWord.denies(ramp, i * every);
                admitted += isAdmitted ? 1 : 0;
                assertThat(isAdmitted && AdaptiveWord.denies(more, i * every)).isFalse();
            }
            assertThat(admitted / 20_000.0).isBetween(share - 0.02, share + 0.02);
        }
    }
}
