package dev.resilience.engine;

/** Who can refuse the calls to an instance, in the order in which they are asked why it is open. */
public enum Layer {
    /** The instance keeps failing. */
    INSTANCE,
    /** The instance does not keep its latency objective. */
    SLO,
    /** No instance of the service works. */
    SERVICE
}
