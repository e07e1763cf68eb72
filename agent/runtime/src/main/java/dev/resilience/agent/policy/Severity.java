package dev.resilience.agent.policy;

import java.util.Locale;

/** How much a mistake in the configuration costs. */
public enum Severity {
    /** A policy, or all of them, only observes because of it. */
    ERROR,
    /** Something written has no effect. */
    WARNING;

    private final String text = name().toLowerCase(Locale.ROOT);

    public String text() {
        return text;
    }
}
