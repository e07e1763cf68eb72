package dev.resilience.agent.target;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostNameTest {
    @ParameterizedTest
    @CsvSource({
        "example.com, example.com",
        "Example.COM, example.com",
        "example.com., example.com",
        "localhost, localhost",
        "., .",
        "'', ''",
        "my_service, my_service",
        "127.0.0.1, 127.0.0.1",
        "bücher.example, xn--bcher-kva.example",
        "BÜCHER.example., xn--bcher-kva.example",
        "XN--BCHER-KVA.example, xn--bcher-kva.example",
        "例え。テスト, xn--r8jz45g.xn--zckzah",
        "::1, [::1]",
        "[::1], [::1]",
        "[0:0:0:0:0:0:0:1], [::1]",
        "[0000:0000::0001], [::1]",
        "[::], [::]",
        "[2001:DB8::A], [2001:db8::a]",
        "[2001:db8:0:0:1:0:0:1], [2001:db8::1:0:0:1]",
        "[2001:db8:0:1:1:1:1:1], [2001:db8:0:1:1:1:1:1]",
        "[fe80:0::1%eth0], [fe80::1%eth0]",
        "[::ffff:10.0.0.1], 10.0.0.1",
        "[no:address], [no:address]",
        "[::1, [::1"
    })
    void hasOneSpelling(String host, String spelled) {
        assertThat(HostName.of(host)).isEqualTo(spelled);
    }
}
