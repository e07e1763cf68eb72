package dev.resilience.apps;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * A {@link Frontend} with an OpenTelemetry SDK of its own, which gives each request a span.
 *
 * <pre>
 * TracedFrontend SERVICE OTLP-URL URL JDBC-URL SQL HOST:PORT TEXT
 * </pre>
 */
public final class TracedFrontend {
    /** Serves as {@link Frontend} does. */
    public static void main(String[] arguments) throws IOException {
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .setResource(Resource.create(
                        Attributes.builder().put("service.name", arguments[0]).build()))
                .addSpanProcessor(BatchSpanProcessor.builder(OtlpHttpSpanExporter.builder()
                                .setEndpoint(arguments[1] + "/v1/traces")
                                .build())
                        .setScheduleDelay(100, TimeUnit.MILLISECONDS)
                        .build())
                .build();
        Tracer tracer = provider.get("shop");
        Frontend.serve(Arrays.copyOfRange(arguments, 2, arguments.length), (name, work) -> {
            Span span = tracer.spanBuilder(name).setSpanKind(SpanKind.SERVER).startSpan();
            try (Scope scope = span.makeCurrent()) {
                return work.call();
            } finally {
                span.end();
            }
        });
    }

    private TracedFrontend() {}
}
