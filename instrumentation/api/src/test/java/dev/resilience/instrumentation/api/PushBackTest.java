package dev.resilience.instrumentation.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PushBackTest {
    /** Sun, 06 Nov 1994 08:49:37 GMT. */
    private static final long NOW = 784_111_777;

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            nullValues = "none",
            value = {
                "none; -9223372036854775808",
                "''; -9223372036854775808",
                "0; 0",
                "120; 120000000000",
                " 7 ; 7000000000",
                "007; 7000000000",
                "9223372036; 9223372036000000000",
                "9223372037; 9223372036854775807",
                "99999999999999999999999999999999999999; 9223372036854775807",
                "-1; -9223372036854775808",
                "1.5; -9223372036854775808",
                "soon; -9223372036854775808",
                "Sun, 06 Nov 1994 08:49:37 GMT; 0",
                "Sun, 06 Nov 1994 08:49:36 GMT; 0",
                "Sun, 06 Nov 1994 08:50:37 GMT; 60000000000",
                "Sun, 06 Nov 9994 08:50:37 GMT; 9223372036000000000",
                "Mon, 06 Nov 1994 08:50:37 GMT; -9223372036854775808",
                "Sun, 06 Nov 1994 08:50; -9223372036854775808",
            })
    void readsSecondsAndDates(@Nullable String value, long nanos) {
        assertThat(PushBack.ofRetryAfter(value, NOW)).isEqualTo(nanos);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            nullValues = "none",
            value = {
                "none; -9223372036854775808",
                "0; 0",
                "1500; 1500000000",
                "9223372036854; 9223372036854000000",
                "99999999999999; 9223372036854775807",
                "-1; -1",
                "''; -1",
                "1s; -1",
                "+5; -1",
            })
    void readsMilliseconds(@Nullable String value, long nanos) {
        assertThat(PushBack.ofGrpc(value)).isEqualTo(nanos);
    }
}
