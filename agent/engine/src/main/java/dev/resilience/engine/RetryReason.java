package dev.resilience.engine;

import java.util.Locale;

/** Why a call is made again, or not. */
public enum RetryReason {
    AGAIN(0),
    /** It ended with an answer, or its caller gave it up. */
    NO_FAULT(-1),
    /** We refused it: whatever let us do so has not changed. */
    OWN_REFUSAL(-2),
    /** Made twice it might do something twice. */
    NOT_IDEMPOTENT(-3),
    /** Its body is gone. */
    NOT_REPLAYABLE(-4),
    ATTEMPTS_SPENT(-5),
    /** The target said so. */
    TOLD_NOT_TO(-6),
    /** What is left of its deadline does not suffice for the wait the target asks for and another attempt. */
    NO_TIME(-7),
    BUDGET_SPENT(-8);

    private static final RetryReason[] ALL = values();

    private final int code;
    private final String text = name().toLowerCase(Locale.ROOT);

    RetryReason(int code) {
        this.code = code;
    }

    /** The word in telemetry, for example {@code budget_spent}. */
    public String text() {
        return text;
    }

    /** As a decision: negative, unless it is {@link #AGAIN}. */
    long code() {
        return code;
    }

    static RetryReason of(long decision) {
        for (RetryReason reason : ALL) {
            if (decision < 0 && reason.code == decision) {
                return reason;
            }
        }
        return AGAIN;
    }
}
