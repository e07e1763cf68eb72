package dev.resilience.engine;

/** What a call that ended means for its breaker. */
public enum Outcome {
    SUCCESS,
    FAILURE,
    /** Says nothing about the target, for example a call its caller gave up. */
    IGNORED
}
