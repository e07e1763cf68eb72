package dev.resilience.instrumentation.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LookupsTest {
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "127.0.0.1, true",
        "[::1], true",
        "2130706433, true",
        "localhost, false",
        "db1, false",
        "payments.svc1, false",
        "10.in-addr.arpa, false",
        "payments.svc., false",
    })
    void tellsAnAddressFromAName(String host, boolean isAddress) {
        assertThat(Lookups.isLiteral(host)).isEqualTo(isAddress);
    }
}
