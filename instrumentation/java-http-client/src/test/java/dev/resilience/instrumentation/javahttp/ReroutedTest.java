package dev.resilience.instrumentation.javahttp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.instrumentation.api.CredentialHeaders;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReroutedTest {
    private static boolean isSent(String header) {
        return !CredentialHeaders.contains(header);
    }

    private static HttpRequest.Builder request(String uri) {
        return HttpRequest.newBuilder(URI.create(uri));
    }

    @ParameterizedTest
    @CsvSource({
        "http://a:8080/v1/x%20y?q=%26, http://b, http://b/v1/x%20y?q=%26",
        "http://a/v1/, https://b:8443/, https://b:8443/v1/",
        "https://a, http://b/backup, http://b/backup",
        "https://a/?, http://b/backup/v2/, http://b/backup/v2/?",
        "http://[::1]:80/x, http://[::1]:81, http://[::1]:81/x",
        "http://a/x, http://A/other, http://A/other/x",
    })
    void keepsPathAndQuery(String own, String base, String expected) throws IOException {
        assertThat(Rerouted.of(request(own).build(), URI.create(base), ReroutedTest::isSent, true)
                        .uri())
                .hasToString(expected);
    }

    @Test
    void keepsAllButCredentialsAndWhatBelongsToAConnection() throws IOException {
        HttpRequest request = request("http://a/x")
                .header("Accept", "text/plain")
                .header("X-Many", "1")
                .header("X-Many", "2")
                .header("Authorization", "Bearer secret")
                .header("Cookie", "session=secret")
                .header("X-Amz-Security-Token", "secret")
                .header("X-Tenant-Id", "7")
                .header("TE", "trailers")
                .timeout(Duration.ofSeconds(3))
                .method("PUT", BodyPublishers.ofString("text"))
                .build();

        HttpRequest rerouted = Rerouted.of(request, URI.create("http://b"), ReroutedTest::isSent, true);

        assertThat(rerouted.headers().map()).containsOnlyKeys("Accept", "X-Many", "X-Tenant-Id");
        assertThat(rerouted.headers().allValues("x-many")).containsExactly("1", "2");
        assertThat(rerouted.method()).isEqualTo("PUT");
        assertThat(rerouted.timeout()).contains(Duration.ofSeconds(3));
        assertThat(rerouted.bodyPublisher()).isEqualTo(request.bodyPublisher());
        assertThat(Rerouted.of(request, URI.create("http://b"), name -> true, true)
                        .headers()
                        .map())
                .containsOnlyKeys("Accept", "X-Many", "X-Tenant-Id", "Authorization", "Cookie", "X-Amz-Security-Token");
    }

    @Test
    void sendsABodyThatCanBeReadButOnceIfNobodyReadIt() throws IOException {
        HttpRequest request = request("http://a/x")
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[3])))
                .build();

        assertThat(Rerouted.of(request, URI.create("http://b"), ReroutedTest::isSent, false)
                        .bodyPublisher())
                .isPresent();
        assertThatThrownBy(() -> Rerouted.of(request, URI.create("http://b"), ReroutedTest::isSent, true))
                .isInstanceOf(IOException.class)
                .hasMessage("the body of the request can be read but once");
    }

    @ParameterizedTest
    @CsvSource({"http://a/x, http://A:80", "https://a:443/x, https://a/"})
    void isNeverTheTargetItself(String own, String base) {
        assertThatThrownBy(() -> Rerouted.of(request(own).build(), URI.create(base), ReroutedTest::isSent, true))
                .hasMessage("the alternate " + base + " is the target itself");
    }
}
