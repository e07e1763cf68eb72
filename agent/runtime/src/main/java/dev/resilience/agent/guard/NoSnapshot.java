package dev.resilience.agent.guard;

import dev.resilience.agent.fallback.Forbidden;
import java.util.Locale;

/** Why no snapshot is given. Without a stack trace: where a target is dead there may be one for each call. */
final class NoSnapshot extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String code;

    NoSnapshot(Forbidden why) {
        super(why.because() + " (" + why.section() + ")", null, false, false);
        this.code = why == Forbidden.NONE ? "no_snapshot" : why.name().toLowerCase(Locale.ROOT);
    }

    /** Telemetry takes what stands before the colon. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // not for its message, but in place of the name of its class
    public String toString() {
        return code + ": " + getMessage();
    }
}
