package dev.resilience.engine;

import java.util.Locale;

/** Who can open the breaker of an instance. */
public enum Layer {
    /** The instance keeps failing. */
    INSTANCE,
    /** The instance does not keep its latency objective. */
    SLO,
    /** No instance of the service works. */
    SERVICE;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** The word in configuration and on spans. */
    public String text() {
        return text;
    }
}
