package dev.resilience.agent.telemetry;

import dev.resilience.instrumentation.api.Faults;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What the standard {@code otel.*} keys say about our exporter; a system property is stronger than the variable of that
 * name.
 *
 * @param endpoint where spans are posted, whole
 * @param sampled the share of our spans that is exported, 0 to 1
 * @param certificate the PEM file of authorities to trust, or null for the JDK's
 */
record ExportSettings(
        URI endpoint,
        Map<String, String> headers,
        Duration timeout,
        boolean gzip,
        @Nullable Path certificate,
        double sampled,
        Map<String, String> resource) {

    static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
    private static final String DEFAULT_ENDPOINT = "http://localhost:4318";

    /** Without the headers: they carry credentials. */
    @Override
    public String toString() {
        return "ExportSettings[" + hostAndPort() + ", sampled=" + sampled + "]";
    }

    /** The endpoint's {@code host:port}. */
    String hostAndPort() {
        int port = endpoint.getPort();
        return endpoint.getHost() + ":" + (port >= 0 ? port : "https".equals(endpoint.getScheme()) ? 443 : 80);
    }

    /** Null when no exporter is asked for, or when what is asked for cannot be done; that is reported. */
    static @Nullable ExportSettings read(
            UnaryOperator<@Nullable String> properties, UnaryOperator<@Nullable String> environment, Faults faults) {
        try {
            return new Keys(properties, environment).settings(faults);
        } catch (IllegalArgumentException wrong) {
            faults.report("telemetry/settings", wrong);
            return null;
        }
    }

    private record Keys(UnaryOperator<@Nullable String> properties, UnaryOperator<@Nullable String> environment) {

        @Nullable
        ExportSettings settings(Faults faults) {
            String own = value("otel.exporter.otlp.traces.endpoint");
            String shared = value("otel.exporter.otlp.endpoint");
            String exporters = value("otel.traces.exporter");
            if ((own == null && shared == null && exporters == null) || "true".equals(value("otel.sdk.disabled"))) {
                return null;
            }
            if (exporters != null && !List.of(exporters.split("\\s*,\\s*")).contains("otlp")) {
                if (!exporters.equals("none")) {
                    throw wrong("otel.traces.exporter", exporters, "otlp or none");
                }
                return null;
            }
            String protocol = either("protocol");
            if (protocol != null && !protocol.equals("http/protobuf")) {
                throw wrong("otel.exporter.otlp.protocol", protocol, "http/protobuf, the only one this agent speaks");
            }
            double sampled = sampled(faults);
            if (sampled == 0) {
                return null;
            }
            String certificate = either("certificate");
            return new ExportSettings(
                    own != null ? uri(own) : uri(beneath(shared == null ? DEFAULT_ENDPOINT : shared)),
                    pairs(either("headers")),
                    timeout(),
                    "gzip".equals(either("compression")),
                    certificate == null ? null : Path.of(certificate),
                    sampled,
                    resource());
        }

        private static String beneath(String base) {
            return base + (base.endsWith("/") ? "v1/traces" : "/v1/traces");
        }

        private static URI uri(String text) {
            try {
                URI uri = new URI(text);
                if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                    return uri;
                }
            } catch (URISyntaxException e) {
                // said below, without the text: it may hold a credential
            }
            throw new IllegalArgumentException("otel.exporter.otlp.endpoint must be an http or https URL");
        }

        private Duration timeout() {
            String text = either("timeout");
            if (text == null) {
                return DEFAULT_TIMEOUT;
            }
            try {
                Duration timeout = text.endsWith("ms")
                        ? Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2)))
                        : text.endsWith("s")
                                ? Duration.ofSeconds(Long.parseLong(text.substring(0, text.length() - 1)))
                                : Duration.ofMillis(Long.parseLong(text));
                if (!timeout.isNegative()) {
                    return timeout.isZero() ? DEFAULT_TIMEOUT : timeout;
                }
            } catch (NumberFormatException e) {
                // said below
            }
            throw wrong("otel.exporter.otlp.timeout", text, "milliseconds");
        }

        /** Our spans have no parent, so a parent-based sampler is its root's. */
        private double sampled(Faults faults) {
            String sampler = value("otel.traces.sampler");
            String argument = value("otel.traces.sampler.arg");
            switch (sampler == null ? "always_on" : sampler.replaceFirst("^parentbased_", "")) {
                case "always_on":
                    return 1;
                case "always_off":
                    return 0;
                case "traceidratio":
                    try {
                        double ratio = argument == null ? 1 : Double.parseDouble(argument);
                        if (ratio >= 0 && ratio <= 1) {
                            return ratio;
                        }
                    } catch (NumberFormatException e) {
                        // said below
                    }
                    faults.report(
                            "telemetry/sampler",
                            wrong("otel.traces.sampler.arg", String.valueOf(argument), "0 to 1; all are exported"));
                    return 1;
                default:
                    faults.report(
                            "telemetry/sampler",
                            wrong(
                                    "otel.traces.sampler",
                                    String.valueOf(sampler),
                                    "always_on, always_off or traceidratio, with or without parentbased_; all are"
                                            + " exported"));
                    return 1;
            }
        }

        private Map<String, String> resource() {
            Map<String, String> resource = new LinkedHashMap<>();
            resource.put("service.name", "unknown_service:java");
            resource.putAll(pairs(value("otel.resource.attributes")));
            String service = value("otel.service.name");
            if (service != null) {
                resource.put("service.name", service);
            }
            resource.put("telemetry.distro.name", "resilience");
            return resource;
        }

        private static Map<String, String> pairs(@Nullable String text) {
            Map<String, String> pairs = new LinkedHashMap<>();
            for (String pair : text == null ? new String[0] : text.split(",", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    String value = pair.substring(equals + 1).strip().replace("+", "%2B");
                    pairs.put(pair.substring(0, equals).strip(), URLDecoder.decode(value, StandardCharsets.UTF_8));
                }
            }
            return pairs;
        }

        /** The key of traces, else the one of all signals. */
        private @Nullable String either(String key) {
            String own = value("otel.exporter.otlp.traces." + key);
            return own != null ? own : value("otel.exporter.otlp." + key);
        }

        private @Nullable String value(String key) {
            String value = properties.apply(key);
            if (value == null || value.isBlank()) {
                value = environment.apply(key.toUpperCase(Locale.ROOT).replace('.', '_'));
            }
            return value == null || value.isBlank() ? null : value.strip();
        }

        private static IllegalArgumentException wrong(String key, String value, String right) {
            return new IllegalArgumentException(key + "=" + value + ": must be " + right);
        }
    }
}
