package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProbeTableTest {
    private static final long TIMEOUT = 5;

    private final ProbeTable table = new ProbeTable(2);

    @Test
    void takesAsManyProbesAsItHasPlaces() {
        assertThat(table.add(1)).isTrue();
        assertThat(table.add(2)).isTrue();
        assertThat(table.add(3)).isFalse();
        assertThat(table.remove(1)).isTrue();
        assertThat(table.add(3)).isTrue();
    }

    @Test
    void givesEachProbeOutOnce() {
        table.add(1);
        assertThat(table.remove(1)).isTrue();
        assertThat(table.remove(1)).isFalse();
        assertThat(table.expire(0, 1 + TIMEOUT, TIMEOUT)).isZero();
    }

    @Test
    void givesUpWhatIsOldEnough() {
        table.add(1);
        table.add(2);
        assertThat(table.expire(0, 1 + TIMEOUT, TIMEOUT)).isEqualTo(1);
        assertThat(table.remove(1)).isFalse();
        assertThat(table.remove(2)).isTrue();
    }

    @Test
    void dropsOldProbesOfAnotherGenerationWithoutCountingThem() {
        table.add(1);
        assertThat(table.expire(1, 1 + TIMEOUT, TIMEOUT)).isZero();
        assertThat(table.remove(1)).isFalse();
    }

    @Test
    void forgetsAllProbesAtOnce() {
        table.add(1);
        table.clear();
        assertThat(table.remove(1)).isFalse();
    }
}
