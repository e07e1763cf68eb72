package dev.resilience.agent.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** An application with an SDK of its own: runs a task under a span, and tells as plain maps what the span was. */
public final class SampleApplication implements BiFunction<Boolean, Runnable, List<Map<String, Object>>> {
    private final List<Map<String, Object>> exported = new ArrayList<>();

    @Override
    public List<Map<String, Object>> apply(Boolean sampled, Runnable task) {
        try (SdkTracerProvider provider = SdkTracerProvider.builder()
                .setSampler(sampled ? Sampler.alwaysOn() : Sampler.alwaysOff())
                .addSpanProcessor(SimpleSpanProcessor.create(new Exporter()))
                .build()) {
            Span span = provider.get("application").spanBuilder("GET /").startSpan();
            try (Scope scope = span.makeCurrent()) {
                task.run();
            } finally {
                span.end();
            }
        }
        return exported;
    }

    private final class Exporter implements SpanExporter {
        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            for (SpanData span : spans) {
                Map<String, Object> plain = new TreeMap<>();
                span.getAttributes().forEach((key, value) -> plain.put(key.getKey(), value));
                plain.put("(status)", span.getStatus().getStatusCode().name());
                span.getEvents().forEach(event -> {
                    Map<String, Object> facts = new TreeMap<>();
                    event.getAttributes().forEach((key, value) -> facts.put(key.getKey(), value));
                    plain.put("(event) " + event.getName(), facts);
                });
                plain.put(
                        "(events)",
                        span.getEvents().stream().map(event -> event.getName()).toList());
                exported.add(plain);
            }
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }
}
