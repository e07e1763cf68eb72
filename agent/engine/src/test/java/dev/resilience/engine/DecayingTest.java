package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DecayingTest {
    private static final long SECOND = 1_000_000_000;

    private final Decaying second = new Decaying(SECOND);

    @Test
    void tellsWhatItHolds() {
        second.add(3, 10, SECOND);
        assertThat(second).hasToString("failures=3/10 in about 1s");
        assertThat(new Decaying(10e9)).hasToString("failures=0/0 in about 10s");
    }

    /** After as long as it is named for, a 2.718th is left; after twice that, a 7.39th. */
    @Test
    void whatIsOlderCountsLess() {
        second.add(1_000, 2_000, 0);
        second.add(0, 0, SECOND);
        assertThat(second).hasToString("failures=368/736 in about 1s");
        second.add(0, 100, SECOND);
        assertThat(second).hasToString("failures=135/371 in about 1s");
    }

    @Test
    void isTheSameInOneStepAsInTen() {
        Decaying steps = new Decaying(SECOND);
        second.add(1_000, 2_000, 0);
        steps.add(1_000, 2_000, 0);
        second.add(0, 0, SECOND);
        for (int i = 0; i < 10; i++) {
            steps.add(0, 0, SECOND / 10);
        }
        assertThat(steps).hasToString(second.toString());
    }

    /** By Wilson at 3.29: all of 11 prove that it is more than half, all of 10 do not; 665 of 1,200 do, 655 do not. */
    @Test
    void isMoreThanAShareOnceThatIsSure() {
        assertThat(second.isMoreThan(0.5)).isFalse();
        second.add(10, 10, 0);
        assertThat(second.isMoreThan(0.5)).isFalse();
        second.add(1, 1, 0);
        assertThat(second.isMoreThan(0.5)).isTrue();
        second.clear();
        second.add(655, 1_200, 0);
        assertThat(second.isMoreThan(0.5)).isFalse();
        second.add(10, 0, 0);
        assertThat(second.isMoreThan(0.5)).isTrue();
    }

    @Test
    void isForgottenOnceLessThanOneCallIsLeft() {
        assertThat(second.isForgotten()).isTrue();
        second.add(0, 1, 0);
        assertThat(second.isForgotten()).isFalse();
        second.add(0, 0, 1_000);
        assertThat(second.isForgotten()).isTrue();
    }

    @Test
    void knowsNothingOnceCleared() {
        second.add(100, 100, 0);
        second.clear();
        assertThat(second.isMoreThan(0)).isFalse();
        assertThat(second).hasToString("failures=0/0 in about 1s");
    }
}
