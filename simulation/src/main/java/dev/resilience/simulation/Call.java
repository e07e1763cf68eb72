package dev.resilience.simulation;

/** One call to a dependency; its event is the end of its caller's patience. */
final class Call implements Simulation.Event {
    private final Route route;
    private final long intendedNanos;
    private final long request;
    private final int attempt;
    private final int ours;
    private final long permit;
    private boolean ended;

    /** Belongs to the dependency. */
    boolean isQueued;

    Call(Route route, long intendedNanos, long request, int attempt, int ours, long permit) {
        this.route = route;
        this.intendedNanos = intendedNanos;
        this.request = request;
        this.attempt = attempt;
        this.ours = ours;
        this.permit = permit;
    }

    long intendedNanos() {
        return intendedNanos;
    }

    long request() {
        return request;
    }

    /** Of the application's. */
    int attempt() {
        return attempt;
    }

    /** Of the guard's, for this one of the application's. */
    int ours() {
        return ours;
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
