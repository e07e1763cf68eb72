package dev.resilience.agent.policy;

import java.util.Locale;

/** How far a policy may go, least first. */
public enum Mode {
    /** Decides and tells, changes nothing. */
    OBSERVE,
    /** Refuses nothing, has no deadline, and answers a fault of the target with the fallback. */
    REDIRECT,
    /** Refuses, cuts at the deadline, and answers with the fallback. */
    ENFORCE;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** The word in configuration and telemetry, for example {@code observe}. */
    public String text() {
        return text;
    }
}
