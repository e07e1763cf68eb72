package dev.resilience.simulation;

import java.util.ArrayDeque;
import java.util.List;
import java.util.SplittableRandom;

/** A dependency: some servers, log-normal service times, one queue in the order of arrival, and a script of faults. */
final class Dependency {
    /** How long it takes to be told that nobody listens, or that the queue is full. */
    private static final long RESET_NANOS = 1_000_000;

    private final Simulation simulation;
    private final Setting setting;
    private final List<Fault> faults;
    private final boolean dropsCancelled;
    private final SplittableRandom random;
    private final double logMedian;

    private final ArrayDeque<Call> queue = new ArrayDeque<>();
    private int queued;
    private int busy;
    private long served;

    Dependency(
            Simulation simulation,
            Setting setting,
            List<Fault> faults,
            boolean dropsCancelled,
            SplittableRandom random) {
        this.simulation = simulation;
        this.setting = setting;
        this.faults = faults;
        this.dropsCancelled = dropsCancelled;
        this.random = random;
        this.logMedian = Math.log((double) setting.serviceNanos()) - setting.sigma() * setting.sigma() / 2;
    }

    /** How many services it has finished, whether or not somebody still waited for them. */
    long served() {
        return served;
    }

    void send(Call call) {
        if (isOn(Fault.Kind.HANG)) {
            return;
        }
        if (isOn(Fault.Kind.REFUSE)) {
            reset(call);
        } else if (busy < setting.servers()) {
            serve(call);
        } else if (queued < setting.places()) {
            queued++;
            call.isQueued = true;
            queue.add(call);
        } else {
            reset(call);
        }
    }

    /** The caller no longer waits. A server that is at it finishes all the same. */
    void cancel(Call call) {
        if (dropsCancelled && call.isQueued) {
            call.isQueued = false;
            queued--;
        }
    }

    private void reset(Call call) {
        simulation.at(simulation.now() + RESET_NANOS, now -> call.answered(false, now));
    }

    private void serve(Call call) {
        busy++;
        double slowness = 1;
        for (Fault fault : faults) {
            if (fault.isOn(simulation.now())) {
                slowness *= fault.slowness(simulation.now());
            }
        }
        double nanos = Math.exp(logMedian + setting.sigma() * random.nextGaussian()) * slowness;
        simulation.at(simulation.now() + (long) nanos, now -> served(call, now));
    }

    private void served(Call call, long nowNanos) {
        busy--;
        served++;
        for (Call next = queue.poll(); next != null; next = queue.poll()) {
            if (next.isQueued) {
                next.isQueued = false;
                queued--;
                serve(next);
                break;
            }
        }
        if (!isOn(Fault.Kind.HANG)) {
            call.answered(!isError(nowNanos), nowNanos);
        }
    }

    private boolean isError(long nowNanos) {
        for (Fault fault : faults) {
            if (fault.kind() == Fault.Kind.ERRORS && fault.isOn(nowNanos) && random.nextDouble() < fault.size()) {
                return true;
            }
        }
        return false;
    }

    private boolean isOn(Fault.Kind kind) {
        for (Fault fault : faults) {
            if (fault.kind() == kind && fault.isOn(simulation.now())) {
                return true;
            }
        }
        return false;
    }
}
