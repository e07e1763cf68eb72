package dev.resilience.simulation;

/**
 * What is wrong with a dependency from one instant to another.
 *
 * @param size the factor of SLOW, the factor WARM_UP begins with, the share of ERRORS
 */
record Fault(Kind kind, double size, long fromNanos, long untilNanos) {
    enum Kind {
        /** Each service takes longer. */
        SLOW,
        /** Slow, and less so all the time, until nothing is left of it. */
        WARM_UP,
        /** A black hole: calls, and the answers to earlier ones, are lost, and no connection is reset. */
        HANG,
        /** Calls fail at once, as when nobody listens. */
        REFUSE,
        /** A share of the services ends with an error. */
        ERRORS
    }

    boolean isOn(long nowNanos) {
        return fromNanos <= nowNanos && nowNanos < untilNanos;
    }

    /** By how much a service that begins now takes longer. */
    double slowness(long nowNanos) {
        if (kind == Kind.WARM_UP) {
            double left = (double) (untilNanos - nowNanos) / (untilNanos - fromNanos);
            return 1 + (size - 1) * left;
        }
        return kind == Kind.SLOW ? size : 1;
    }
}
