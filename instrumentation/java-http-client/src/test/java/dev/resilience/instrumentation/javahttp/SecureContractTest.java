package dev.resilience.instrumentation.javahttp;

import java.io.IOException;

/** The contract over HTTP/1.1 with TLS. */
class SecureContractTest extends JavaHttpClientContractTest {
    SecureContractTest() throws IOException {}

    @Override
    Transport transport() {
        return Transport.HTTPS_1;
    }
}
