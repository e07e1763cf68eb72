package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CacheControlTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "max-age=0 | 0",
                "max-age=7 | 7",
                "MAX-AGE=7 | 7",
                "a, max-age=7 ,b | 7",
                "a=max-age=7 | -1",
                "max-age = 7 | 7",
                "max-age=\"7\" | 7",
                "max-age=\"\\7\" | 7",
                "max-age=2147483647 | 2147483647",
                "max-age=2147483648 | 2147483648",
                "max-age=2147483649 | 2147483648",
                "max-age=99999999999999999999999 | 2147483648",
                "max-age | -2",
                "max-age= | -2",
                "max-age=-1 | -2",
                "max-age=+1 | -2",
                "max-age=1.5 | -2",
                "max-age=1 2 | -2",
                "max-age=7, max-age=7 | 7",
                "max-age=7, max-age=8 | -2",
                "max-age=7, max-age | -2",
                "s-maxage=7 | -1"
            })
    void readsSeconds(String line, long seconds) {
        CacheControl control = of(line);

        assertThat(control.seconds("max-age")).isEqualTo(seconds);
        assertThat(control.isReadable()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a=\"b",
                "a=\"b\\\"",
                "a=\"b\"c",
                "a=b\"c",
                "no store",
                "a;b",
                "=b",
                "\"no-store\"",
                "a=\"b\" no-store"
            })
    void cannotTellWhatIsMeant(String line) {
        assertThat(of(line).isReadable()).isFalse();
        assertThat(of("max-age=1", line).isReadable()).isFalse();
    }

    @Test
    void readsAllLinesTogether() {
        CacheControl control = of("public", "", ", ,", "x=\"a, no-store\", private=\"b\" , max-stale");

        assertThat(control.isReadable()).isTrue();
        assertThat(control.has("public")).isTrue();
        assertThat(control.has("private")).isTrue();
        assertThat(control.has("no-store")).isFalse();
        assertThat(control.isBare("max-stale")).isTrue();
        assertThat(control.isBare("private")).isFalse();
        assertThat(control.isBare("no-store")).isFalse();
    }

    @Test
    void hasNothingOfAMessageWithout() {
        CacheControl control = CacheControl.of(Fields.NONE);

        assertThat(control.isReadable()).isTrue();
        assertThat(control.has("")).isFalse();
        assertThat(control.seconds("max-age")).isEqualTo(CacheControl.ABSENT);
    }

    private static CacheControl of(String... lines) {
        return CacheControl.of(Fields.of(Map.of("cache-CONTROL", List.of(lines))));
    }
}
