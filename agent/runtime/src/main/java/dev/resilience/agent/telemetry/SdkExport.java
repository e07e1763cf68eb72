package dev.resilience.agent.telemetry;

import dev.resilience.instrumentation.api.Faults;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.IdGenerator;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Our own OpenTelemetry SDK; the one class that names it, loaded with the first span of ours. */
final class SdkExport {
    /*
     * A batch processor whose queue is full drops spans and says so through the application's logging, again and again.
     * So we never fill it: what is on its way to the exporter is counted, and what exceeds the count is dropped here.
     */
    static final int MOST_ON_THEIR_WAY = 2_048;

    private final SdkTracerProvider provider;
    private final Tracer tracer;
    private final Traces traces;
    private final AtomicInteger onTheirWay;

    private SdkExport(SdkTracerProvider provider, Traces traces, AtomicInteger onTheirWay) {
        this.provider = provider;
        this.traces = traces;
        this.tracer = provider.get("dev.resilience");
        this.onTheirWay = onTheirWay;
    }

    static SdkExport start(ExportSettings settings, Faults faults) throws IOException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // What the SDK looks up lies in our loader, and its threads must not hold the application's.
        thread.setContextClassLoader(SdkExport.class.getClassLoader());
        try {
            AtomicInteger onTheirWay = new AtomicInteger();
            SpanProcessor batches = BatchSpanProcessor.builder(new Counted(exporter(settings, faults), onTheirWay))
                    .setMaxQueueSize(MOST_ON_THEIR_WAY)
                    .setExporterTimeout(settings.timeout())
                    .setScheduleDelay(1, TimeUnit.SECONDS)
                    .build();
            Traces traces = new Traces();
            SdkTracerProvider provider = SdkTracerProvider.builder()
                    .setIdGenerator(traces)
                    .setResource(resource(settings))
                    .setSampler(Sampler.alwaysOn()) // what is not sampled is not sent
                    .addSpanProcessor(batches)
                    .build();
            return new SdkExport(provider, traces, onTheirWay);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** Gives a span the trace that was told of its call. Of one thread, as all that is sent. */
    private static final class Traces implements IdGenerator {
        private final IdGenerator random = IdGenerator.random();
        private String next = TraceId.getInvalid();

        @Override
        public String generateSpanId() {
            return random.generateSpanId();
        }

        @Override
        public String generateTraceId() {
            return next;
        }
    }

    /** Takes from the count what leaves the processor's queue. */
    private record Counted(SpanExporter exporter, AtomicInteger onTheirWay) implements SpanExporter {
        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            onTheirWay.addAndGet(-spans.size());
            return exporter.export(spans);
        }

        @Override
        public CompletableResultCode flush() {
            return exporter.flush();
        }

        @Override
        public CompletableResultCode shutdown() {
            return exporter.shutdown();
        }
    }

    private static OtlpHttpSpanExporter exporter(ExportSettings settings, Faults faults) throws IOException {
        OtlpHttpSpanExporterBuilder builder = OtlpHttpSpanExporter.builder()
                .setComponentLoader(QuietSender.component(faults))
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

    /** False when it had to be dropped, because the receiver is too slow. */
    boolean send(OwnSpan own) {
        if (onTheirWay.get() >= MOST_ON_THEIR_WAY) {
            return false;
        }
        traces.next = Objects.requireNonNullElse(own.traceId(), TraceId.getInvalid());
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
        onTheirWay.incrementAndGet();
        span.end(own.endEpochNanos(), TimeUnit.NANOSECONDS);
        return true;
    }

    /** False when the time was not enough to send what waited. */
    boolean close(long budgetNanos) {
        return provider.shutdown()
                .join(Math.max(1, budgetNanos), TimeUnit.NANOSECONDS)
                .isSuccess();
    }
}
