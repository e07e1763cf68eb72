package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShareTest {
    /** Of a hundred: 0.29 * 100 in doubles is less than 29. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 28, 29, 50, 57, 58, 99})
    void aPercentageIsExactlyThatManyOfAHundred(int percent) {
        Share share = Share.of(percent / 100.0);
        assertThat(share.isExceededBy(percent, 100)).isFalse();
        assertThat(share.isExceededBy(percent + 1, 100)).isTrue();
        assertThat(share.isReachedBy(percent, 100)).isTrue();
        assertThat(share.isReachedBy(percent - 1, 100)).isFalse();
        assertThat(share.leastOf(100)).isEqualTo(percent);
        assertThat(share.mostOf(100)).isEqualTo(percent);
    }

    @ParameterizedTest(name = "of {0}: at least {1}, at most {2}")
    @CsvSource({"0, 1, 0", "1, 1, 0", "2, 1, 1", "3, 2, 1", "9000000001, 4500000001, 4500000000"})
    void halfIsRoundedUpOrDownToAWholeCall(long whole, long least, long most) {
        assertThat(Share.of(0.5).leastOf(whole)).isEqualTo(least);
        assertThat(Share.of(0.5).mostOf(whole)).isEqualTo(most);
    }

    @Test
    void allOfThemAreMoreThanAnyShareOfThem() {
        assertThat(Share.of(0.999_999_999_9).isExceededBy(5, 5)).isTrue();
        assertThat(Share.of(0.999_999_999_9).isExceededBy(4, 5)).isFalse();
        assertThat(Share.of(0.5).isExceededBy(0, 0)).isFalse();
    }
}
