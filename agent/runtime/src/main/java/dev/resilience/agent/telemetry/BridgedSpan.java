package dev.resilience.agent.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A span of the OpenTelemetry API that the class loader of this class sees: {@link BridgeLoader} defines a copy of it
 * for each API it finds. Uses only what the API has had since 1.0.
 */
final class BridgedSpan implements LiveSpan {
    private final Span span;

    private BridgedSpan(Span span) {
        this.span = span;
    }

    @Override
    public String id() {
        return span.getSpanContext().getSpanId();
    }

    @Override
    public String traceId() {
        return span.getSpanContext().getTraceId();
    }

    @Override
    public void set(Map<String, Object> attributes) {
        attributes.forEach((key, value) -> {
            if (value instanceof Long number) {
                span.setAttribute(key, (long) number);
            } else if (value instanceof Double number) {
                span.setAttribute(key, (double) number);
            } else if (value instanceof Boolean flag) {
                span.setAttribute(key, (boolean) flag);
            } else {
                span.setAttribute(key, value.toString());
            }
        });
    }

    @Override
    public void event(String name, Map<String, Object> attributes) {
        span.addEvent(name, attributesOf(attributes));
    }

    static Attributes attributesOf(Map<String, Object> attributes) {
        AttributesBuilder builder = Attributes.builder();
        attributes.forEach((key, value) -> {
            if (value instanceof Long number) {
                builder.put(key, (long) number);
            } else if (value instanceof Double number) {
                builder.put(key, (double) number);
            } else if (value instanceof Boolean flag) {
                builder.put(key, (boolean) flag);
            } else {
                builder.put(key, value.toString());
            }
        });
        return builder.build();
    }

    /** The way in, made by name. */
    public static final class Current implements CurrentSpan {
        @Override
        public @Nullable LiveSpan find() {
            Span span = Span.current();
            if (!span.getSpanContext().isValid()) {
                return null;
            }
            return span.isRecording() ? new BridgedSpan(span) : SILENT;
        }
    }
}
