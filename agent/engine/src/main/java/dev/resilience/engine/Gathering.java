package dev.resilience.engine;

import java.util.function.LongUnaryOperator;

/** What the limit decides on, gathered from pulse to pulse until it suffices. For the pulse alone. */
final class Gathering {
    private final AdaptiveLimit limit;
    private final OwnStalls stalls;
    private final LongUnaryOperator timeOfDay;
    private Cohort cohort;

    // what was counted and did not suffice for a decision
    private byte[] left = {};
    private long leftNanos;

    Gathering(AdaptiveLimit limit, OwnStalls stalls, LongUnaryOperator timeOfDay, Load load, long nowNanos) {
        this.limit = limit;
        this.stalls = stalls;
        this.timeOfDay = timeOfDay;
        this.cohort = new Cohort(load, nowNanos);
    }

    /** A new generation, that may have so many in flight. */
    void restart(Load load, long nowNanos) {
        limit.restart(load.limit());
        keep(new byte[0], 0);
        forget(load, nowNanos);
    }

    /** Of the calls that were seen till now nothing more can be said. */
    void forget(Load load, long nowNanos) {
        cohort = new Cohort(load, nowNanos);
    }

    /** One that never ended. */
    void writtenOff(long permit, long nowNanos) {
        cohort.writtenOff(permit, nowNanos);
    }

    /** Nothing came in that time. */
    void idle(long elapsedNanos) {
        leftNanos += elapsedNanos;
    }

    /**
     * Adds what came since the last pulse, and decides if it can.
     *
     * @param ended calls that ended in some way, with those that were written off
     */
    void add(Load load, Sample fresh, long ended, int writtenOff, long elapsedNanos, long nowNanos) {
        limit.slack(stalls.slackNanos());
        boolean isPassing = limit.isPassing(ended, elapsedNanos, timeOfDay.applyAsLong(nowNanos));
        Sample seen = new Sample(leftNanos + fresh.nanos(), fresh.refusals());
        seen.add(fresh);
        seen.unpack(left);
        byte[] finished = limit.isSelective() ? new byte[0] : seen.packed();
        double slow = limit.slowNanos();
        load.visit(permit -> {
            long age = stalls.ageNanos(permit, nowNanos);
            if (age > slow) {
                seen.add(age);
            }
        });
        cohort.add(fresh, ended - writtenOff, load, nowNanos);
        if (!isPassing && limit.decide(seen, () -> cohort.sample(load, slow, nowNanos), load.inFlight())) {
            load.limit(limit.limit());
            forget(load, nowNanos);
            keep(new byte[0], 0);
        } else {
            keep(finished, seen.nanos());
        }
    }

    private void keep(byte[] finished, long nanos) {
        left = finished;
        leftNanos = nanos;
    }
}
