package dev.resilience.agent.telemetry;

import org.jspecify.annotations.Nullable;

/** Looks up the current span of one copy of the OpenTelemetry API. Public as {@link LiveSpan} is. */
public interface CurrentSpan {
    /** Null when no valid span is current, {@link LiveSpan#SILENT} when one is that does not record. */
    @Nullable
    LiveSpan find();
}
