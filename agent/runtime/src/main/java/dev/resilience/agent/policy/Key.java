package dev.resilience.agent.policy;

import java.util.Locale;

/** What one breaker covers. */
public enum Key {
    /** One host and port, one channel target, one database. */
    HOST,
    /** One path with its ids folded, one gRPC method. */
    ROUTE;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** The word in configuration, for example {@code host}. */
    public String text() {
        return text;
    }
}
