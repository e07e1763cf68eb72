package dev.resilience.instrumentation.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialHeadersTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization",
                "COOKIE",
                "cookie2",
                "proxy-authorization",
                "X-Api-Key",
                "apikey",
                "Ocp-Apim-Subscription-Key",
                "X-Amz-Security-Token",
                "X-Session-Id",
                "X-Client-Cert",
                "DPoP",
                "Signature-Input",
                "x-jwt-assertion"
            })
    void containsWhatSaysSo(String name) {
        assertThat(CredentialHeaders.contains(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Accept", "User-Agent", "X-Request-Id", "traceparent", "X-Tenant-Id", "Idempotency-Key"})
    void containsNothingElse(String name) {
        assertThat(CredentialHeaders.contains(name)).isFalse();
    }
}
