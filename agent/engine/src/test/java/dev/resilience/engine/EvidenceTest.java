package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvidenceTest {
    /**
     * By hand: (p + z2/2n - z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n). All of n hit: n / (n + z2). None: 0. Of 100, 60, at
     * 2.58: z2 = 6.6564; (0.6 + 0.033282 - 2.58 sqrt(0.0024 + 0.00016641)) / 1.066564 = 0.4712.
     */
    @ParameterizedTest
    @CsvSource({
        "0, 10, 2.58, 0",
        "7, 7, 2.58, 0.51257",
        "6, 6, 2.58, 0.47406",
        "11, 11, 3.29, 0.50405",
        "10, 10, 3.29, 0.48022",
        "60, 100, 2.58, 0.47122",
        "1, 2, 2, 0.09175",
        "5000, 10000, 3.29, 0.48356"
    })
    void agreesWithWilsonsFormulaByHand(double hits, double of, double z, double least) {
        assertThat(Evidence.leastShare(hits, of, z)).isCloseTo(least, within(0.00005));
    }

    @Test
    void ofNothingSaysNothing() {
        assertThat(Evidence.leastShare(0, 0, Evidence.SURE)).isZero();
        assertThat(Evidence.leastShare(1, -1, Evidence.SURE)).isZero();
    }

    /** The normal law's tails: 1 in 2,000 above 3.29, 1 in 200 above 2.58. */
    @Test
    void isWrongAsSeldomAsItSays() {
        assertThat(shareOfCoinsAbove(Evidence.SURE)).isBetween(0.0002, 0.001);
        assertThat(shareOfCoinsAbove(Evidence.LIKELY)).isBetween(0.003, 0.007);
    }

    /** Exactly, for 1,000 throws of a fair coin: how probable are counts that seem to prove that it is not fair. */
    private static double shareOfCoinsAbove(double z) {
        double probability = Math.pow(0.5, 1_000);
        double above = 0;
        for (int heads = 0; heads <= 1_000; heads++) {
            above += Evidence.leastShare(heads, 1_000, z) > 0.5 ? probability : 0;
            probability *= (1_000.0 - heads) / (heads + 1);
        }
        return above;
    }
}
