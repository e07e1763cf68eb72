package dev.resilience.agent.telemetry;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExportSettingsTest {
    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();
    private final Kept kept = new Kept();

    private ExportSettings read() {
        return requireNonNull(ExportSettings.read(properties::get, environment::get, kept), "the exporter is off");
    }

    private boolean isOff() {
        return ExportSettings.read(properties::get, environment::get, kept) == null;
    }

    @Test
    void isOffWhenNothingAsksForIt() {
        properties.put("otel.service.name", "shop");

        assertThat(isOff()).isTrue();
        assertThat(kept.faults).isEmpty();
    }

    @Test
    void hasTheDefaultsOfTheSpecification() {
        properties.put("otel.traces.exporter", "otlp");

        ExportSettings settings = read();

        assertThat(settings.endpoint()).hasToString("http://localhost:4318/v1/traces");
        assertThat(settings.hostAndPort()).isEqualTo("localhost:4318");
        assertThat(settings.timeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.sampled()).isEqualTo(1);
        assertThat(settings.gzip()).isFalse();
        assertThat(settings.certificate()).isNull();
        assertThat(settings.headers()).isEmpty();
        assertThat(settings.resource()).containsEntry("service.name", "unknown_service:java");
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource({
        "otel.exporter.otlp.endpoint, http://c:4318, http://c:4318/v1/traces, c:4318",
        "otel.exporter.otlp.endpoint, http://c:4318/, http://c:4318/v1/traces, c:4318",
        "otel.exporter.otlp.endpoint, https://c/otel, https://c/otel/v1/traces, c:443",
        "otel.exporter.otlp.traces.endpoint, http://c/spans, http://c/spans, c:80"
    })
    void knowsWhereToSend(String key, String value, String endpoint, String hostAndPort) {
        properties.put(key, value);

        assertThat(read().endpoint()).hasToString(endpoint);
        assertThat(read().hostAndPort()).isEqualTo(hostAndPort);
    }

    @Test
    void readsVariablesAndPrefersProperties() {
        environment.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://variable:1");
        environment.put("OTEL_SERVICE_NAME", "shop");
        assertThat(read().hostAndPort()).isEqualTo("variable:1");
        assertThat(read().resource()).containsEntry("service.name", "shop");

        properties.put("otel.exporter.otlp.endpoint", "http://property:2");
        assertThat(read().hostAndPort()).isEqualTo("property:2");
    }

    @Test
    void readsHeadersTimeoutSamplerAndResource() {
        properties.put("otel.exporter.otlp.endpoint", "http://c:4318");
        properties.put("otel.exporter.otlp.headers", "Authorization=Bearer%20a+b=, x-team = shop");
        properties.put("otel.exporter.otlp.timeout", "2500");
        properties.put("otel.traces.sampler", "parentbased_traceidratio");
        properties.put("otel.traces.sampler.arg", "0.25");
        properties.put("otel.resource.attributes", "service.name=less,deployment.environment.name=a%2Cb");
        properties.put("otel.service.name", "more");

        ExportSettings settings = read();

        assertThat(settings.headers()).containsExactly(entry("Authorization", "Bearer a+b="), entry("x-team", "shop"));
        assertThat(settings.timeout()).isEqualTo(Duration.ofMillis(2500));
        assertThat(settings.sampled()).isEqualTo(0.25);
        assertThat(settings.resource())
                .containsEntry("service.name", "more")
                .containsEntry("deployment.environment.name", "a,b");
        assertThat(settings.toString()).doesNotContain("Bearer");
        assertThat(kept.faults).isEmpty();
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource({"otel.traces.exporter, none", "otel.sdk.disabled, true", "otel.traces.sampler, always_off"})
    void canBeSwitchedOff(String key, String value) {
        properties.put("otel.exporter.otlp.endpoint", "http://c:4318");
        properties.put(key, value);

        assertThat(isOff()).isTrue();
        assertThat(kept.faults).isEmpty();
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource({
        "otel.traces.exporter, zipkin",
        "otel.exporter.otlp.protocol, grpc",
        "otel.exporter.otlp.endpoint, c:4318",
        "otel.exporter.otlp.endpoint, 'http://me:hunter2@c d:1'",
        "otel.exporter.otlp.timeout, soon",
        "otel.exporter.otlp.timeout, -1",
        "otel.exporter.otlp.headers, a=%zz"
    })
    void isOffAndSaysWhyWhenItCannotDoWhatIsAsked(String key, String value) {
        properties.put("otel.exporter.otlp.endpoint", "http://c:4318");
        properties.put(key, value);

        assertThat(isOff()).isTrue();
        assertThat(kept.faults)
                .singleElement()
                .asString()
                .startsWith("telemetry/settings")
                .doesNotContain("hunter2");
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"traceidratio, lots", "traceidratio, 2", "jaeger_remote, 1"})
    void exportsAllAndSaysSoWhenItCannotReadTheSampler(String sampler, String argument) {
        properties.put("otel.exporter.otlp.endpoint", "http://c:4318");
        properties.put("otel.traces.sampler", sampler);
        properties.put("otel.traces.sampler.arg", argument);

        assertThat(read().sampled()).isEqualTo(1);
        assertThat(kept.faults).singleElement().asString().startsWith("telemetry/sampler");
    }
}
