package dev.resilience.agent.telemetry;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A span that can be written to, whichever copy of OpenTelemetry it belongs to. Public for {@link BridgedSpan}, whose
 * copies live in loaders of their own. Values are strings, longs, doubles and booleans.
 */
public interface LiveSpan {
    /** Stands for a valid current span that does not record: whoever made it wants nothing of this call. */
    LiveSpan SILENT = new LiveSpan() {
        @Override
        public String id() {
            return "";
        }

        @Override
        public @Nullable String traceId() {
            return null;
        }

        @Override
        public void set(Map<String, Object> attributes) {}

        @Override
        public void event(String name, Map<String, Object> attributes) {}
    };

    String id();

    /** Null where nobody records it. */
    @Nullable
    String traceId();

    void set(Map<String, Object> attributes);

    void event(String name, Map<String, Object> attributes);
}
