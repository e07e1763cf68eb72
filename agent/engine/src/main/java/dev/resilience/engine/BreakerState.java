package dev.resilience.engine;

/** The three positions of a breaker, as telemetry reports them. */
public enum BreakerState {
    CLOSED,
    OPEN,
    HALF_OPEN
}
