package dev.resilience.simulation;

/** The way from a service to one of its dependencies: the client's timeout and retries, and the guard around each call. */
final class Route {
    private final Simulation simulation;
    private final Service service;
    private final Dependency dependency;
    private final Policy policy;
    private final Client client;
    private final Tally tally;
    private long requests;

    /** How the application's client is set; a timeout of {@link Long#MAX_VALUE} is none. */
    record Client(long timeoutNanos, int retries) {
        static final Client USUAL = new Client(1_000_000_000, 1);
        static final Client PATIENT = new Client(Long.MAX_VALUE, 0);
        static final Client ONCE = new Client(1_000_000_000, 0);
    }

    Route(Simulation simulation, Service service, Dependency dependency, Policy policy, Client client, Tally tally) {
        this.simulation = simulation;
        this.service = service;
        this.dependency = dependency;
        this.policy = policy;
        this.client = client;
        this.tally = tally;
        simulation.every(100_000_000, policy::pulse);
    }

    /** A request that needs this dependency. */
    void arrive(long nowNanos) {
        tally.offered(nowNanos);
        service.arrive(this, nowNanos);
    }

    /** It has a thread now. */
    void begin(long intendedNanos) {
        call(intendedNanos, requests++, 1, 1);
    }

    /** It was turned away by its own service. */
    void turnedAway(long intendedNanos) {
        tally.ended(intendedNanos, simulation.now(), false);
    }

    private void call(long intendedNanos, long request, int attempt, int ours) {
        long now = simulation.now();
        if (ours == 1) {
            policy.begins(request, now);
        }
        long permit = policy.tryAcquire(now);
        if (permit == Policy.REFUSED) {
            tally.refused(now);
            finish(intendedNanos, false);
            return;
        }
        tally.sent(now);
        Call call = new Call(this, intendedNanos, request, attempt, ours, permit);
        long patience = Math.min(client.timeoutNanos(), policy.deadlineNanos());
        if (patience < Long.MAX_VALUE) {
            simulation.at(now + patience, call);
        }
        dependency.send(call);
    }

    void gaveUp(Call call, long nowNanos) {
        dependency.cancel(call);
        ended(call, Policy.End.TIMED_OUT, nowNanos);
    }

    void ended(Call call, Policy.End end, long nowNanos) {
        policy.settle(call.permit(), end, nowNanos);
        if (end == Policy.End.ANSWERED) {
            finish(call.intendedNanos(), true);
            return;
        }
        long again = policy.againAfterNanos(call.ours(), end, nowNanos);
        if (again >= 0) {
            simulation.at(
                    nowNanos + again,
                    later -> call(call.intendedNanos(), call.request(), call.attempt(), call.ours() + 1));
            return;
        }
        policy.failed(call.request(), nowNanos);
        if (call.attempt() <= client.retries() && policy.mayRetry(nowNanos)) {
            call(call.intendedNanos(), call.request(), call.attempt() + 1, 1);
        } else {
            finish(call.intendedNanos(), false);
        }
    }

    private void finish(long intendedNanos, boolean well) {
        tally.ended(intendedNanos, simulation.now(), well);
        service.release();
    }
}
