package dev.resilience.agent.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;

/** Our own OpenTelemetry SDK; the one class that names it, loaded with the first span of ours. */
final class SdkExport {
    private final SdkTracerProvider provider;
    private final Tracer tracer;

    private SdkExport(SdkTracerProvider provider) {
        this.provider = provider;
        this.tracer = provider.get("dev.resilience");
    }

    static SdkExport start(ExportSettings settings) throws IOException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // The exporter finds its sender by ServiceLoader, and the sender's threads inherit this loader.
        thread.setContextClassLoader(SdkExport.class.getClassLoader());
        try {
            return new SdkExport(SdkTracerProvider.builder()
                    .setResource(resource(settings))
                    .setSampler(
                            settings.sampled() < 1 ? Sampler.traceIdRatioBased(settings.sampled()) : Sampler.alwaysOn())
                    .addSpanProcessor(BatchSpanProcessor.builder(exporter(settings))
                            .setExporterTimeout(settings.timeout())
                            .setScheduleDelay(1, TimeUnit.SECONDS)
                            .build())
                    .build());
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static OtlpHttpSpanExporter exporter(ExportSettings settings) throws IOException {
        OtlpHttpSpanExporterBuilder builder = OtlpHttpSpanExporter.builder()
                .setServiceClassLoader(SdkExport.class.getClassLoader())
                .setEndpoint(settings.endpoint().toString())
                .setTimeout(settings.timeout())
                .setHeaders(settings::headers);
        if (settings.gzip()) {
            builder.setCompression("gzip");
        }
        if (settings.certificate() != null) {
            builder.setTrustedCertificates(Files.readAllBytes(settings.certificate()));
        }
        return builder.build();
    }

    private static Resource resource(ExportSettings settings) {
        AttributesBuilder attributes = Attributes.builder();
        settings.resource().forEach(attributes::put);
        return Resource.getDefault().merge(Resource.create(attributes.build()));
    }

    void send(OwnSpan own) {
        Span span = tracer.spanBuilder(own.name())
                .setNoParent()
                .setSpanKind(own.isClient() ? SpanKind.CLIENT : SpanKind.INTERNAL)
                .setStartTimestamp(own.startEpochNanos(), TimeUnit.NANOSECONDS)
                .startSpan();
        span.setAllAttributes(BridgedSpan.attributesOf(own.attributes()));
        for (OwnSpan.Event event : own.events()) {
            span.addEvent(
                    event.name(),
                    BridgedSpan.attributesOf(event.attributes()),
                    event.epochNanos(),
                    TimeUnit.NANOSECONDS);
        }
        String error = own.error();
        if (error != null) {
            span.setStatus(StatusCode.ERROR, error);
        }
        span.end(own.endEpochNanos(), TimeUnit.NANOSECONDS);
    }

    void close(long budgetNanos) {
        provider.shutdown().join(Math.max(1, budgetNanos), TimeUnit.NANOSECONDS);
    }
}
