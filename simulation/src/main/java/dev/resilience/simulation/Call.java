package dev.resilience.simulation;

/** One call to a dependency; its event is the end of its caller's patience. */
final class Call implements Simulation.Event {
    private final Route route;
    private final long intendedNanos;
    private final int attempt;
    private final long permit;
    private boolean ended;

    /** Belongs to the dependency. */
    boolean isQueued;

    Call(Route route, long intendedNanos, int attempt, long permit) {
        this.route = route;
        this.intendedNanos = intendedNanos;
        this.attempt = attempt;
        this.permit = permit;
    }

    long intendedNanos() {
        return intendedNanos;
    }

    int attempt() {
        return attempt;
    }

    long permit() {
        return permit;
    }

    void answered(boolean well, long nowNanos) {
        if (!ended) {
            ended = true;
            route.ended(this, well ? Policy.End.ANSWERED : Policy.End.FAILED, nowNanos);
        }
    }

    @Override
    public void happen(long nowNanos) {
        if (!ended) {
            ended = true;
            route.gaveUp(this, nowNanos);
        }
    }
}
