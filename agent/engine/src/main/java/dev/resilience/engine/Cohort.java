package dev.resilience.engine;

import org.jspecify.annotations.Nullable;

/** What is known of the calls begun since an instant, without those that were under way then. For the pulse alone. */
final class Cohort {
    /*
     * All that has ended, and all that is in flight and slow, says less than it seems. Long calls are in flight longer and
     * are met more often: three in ten that take two seconds are nearly all that ever is in flight. And the last of a
     * burst to end are its slowest. Of the calls begun since one instant each counts once: when it has ended, or when it
     * is slow already.
     *
     * Endings do not say when their calls began. But how many of the older ones are still in flight is known, so how
     * many ended between two pulses is, and of all that ended then those took longest.
     */
    private static final int FEW = 64;

    private final long since;
    private int older;
    private byte[] few = {};
    private @Nullable Sample many;
    private long refusals;

    /** Those in flight now are the older ones. */
    Cohort(Load load, long nowNanos) {
        since = nowNanos;
        load.visit(permit -> older++);
    }

    /** One that never ended. */
    void writtenOff(long permit, long nowNanos) {
        older -= isOlder(permit, nowNanos) ? 1 : 0;
    }

    /** Adds the successes since the last pulse, of {@code endings} with those that did not succeed. */
    void add(Sample successes, long endings, Load load, long nowNanos) {
        int before = older;
        older = 0;
        load.visit(permit -> older += isOlder(permit, nowNanos) ? 1 : 0);
        double share = (double) successes.size() / Math.max(1, endings);
        successes.dropLongest((int) ((before - older) * share));
        gather(successes);
    }

    /** What is known now; a call in flight is evidence from {@code slowNanos} on. */
    Sample sample(Load load, double slowNanos, long nowNanos) {
        Sample known = new Sample(Math.max(0, nowNanos - since), refusals);
        if (many == null) {
            known.unpack(few);
        } else {
            known.add(many);
        }
        int[] running = new int[Latencies.BUCKETS];
        load.visit(permit -> {
            if (!isOlder(permit, nowNanos)) {
                running[Latencies.bucketOf(Permit.ageNanos(permit, nowNanos))]++;
            }
        });
        known.addRunning(running, slowNanos);
        return known;
    }

    private boolean isOlder(long permit, long nowNanos) {
        return Permit.ageNanos(permit, nowNanos) >= nowNanos - since;
    }

    private void gather(Sample successes) {
        refusals += successes.refusals();
        if (many != null) {
            many.add(successes);
        } else {
            successes.unpack(few);
            boolean isFew = successes.size() <= FEW;
            few = isFew ? successes.packed() : new byte[0];
            many = isFew ? null : successes;
        }
    }
}
