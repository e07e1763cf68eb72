package dev.resilience.agent.policy;

import java.util.Locale;

/** What a guarded call speaks. */
public enum Protocol {
    HTTP,
    GRPC,
    JDBC;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** The word in configuration and telemetry, for example {@code http}. */
    public String text() {
        return text;
    }
}
