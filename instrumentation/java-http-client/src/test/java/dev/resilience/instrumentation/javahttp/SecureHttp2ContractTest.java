package dev.resilience.instrumentation.javahttp;

import java.io.IOException;

/** The contract over HTTP/2 as TLS negotiates it. */
class SecureHttp2ContractTest extends Http2ContractTest {
    SecureHttp2ContractTest() throws IOException {}

    @Override
    Transport transport() {
        return Transport.HTTPS_2;
    }
}
