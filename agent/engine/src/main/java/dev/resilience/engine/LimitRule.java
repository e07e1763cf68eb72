package dev.resilience.engine;

/** Decides how many calls may be in flight: asked by each pulse, for the limit that holds until the next. */
public interface LimitRule {
    int limit(int inFlight, long nowNanos);

    /**
     * The rule of a configuration. Of an adaptive one only the bounds are kept so far: it allows what it may at most, as
     * a lower guess would refuse calls for no reason.
     */
    static LimitRule of(ConcurrencyConfig config) {
        int calls = config instanceof ConcurrencyConfig.Fixed fixed
                ? fixed.calls()
                : ((ConcurrencyConfig.Adaptive) config).max();
        return (inFlight, nowNanos) -> calls;
    }
}
