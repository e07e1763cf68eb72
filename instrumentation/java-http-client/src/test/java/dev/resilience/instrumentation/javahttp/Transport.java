package dev.resilience.instrumentation.javahttp;

import java.net.http.HttpClient;

/** What the client and its server can speak. */
enum Transport {
    HTTP_1(false, HttpClient.Version.HTTP_1_1),
    HTTP_2(false, HttpClient.Version.HTTP_2),
    HTTPS_1(true, HttpClient.Version.HTTP_1_1),
    HTTPS_2(true, HttpClient.Version.HTTP_2);

    private final boolean secure;
    private final HttpClient.Version version;

    Transport(boolean secure, HttpClient.Version version) {
        this.secure = secure;
        this.version = version;
    }

    boolean isSecure() {
        return secure;
    }

    boolean isHttp2() {
        return version == HttpClient.Version.HTTP_2;
    }

    HttpClient.Version version() {
        return version;
    }

    HttpClient.Builder client() {
        return HttpClient.newBuilder().version(version).sslContext(Certificate.context());
    }
}
