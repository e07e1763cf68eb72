package dev.resilience.simulation;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.limit.VegasLimit;
import java.lang.reflect.Field;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Netflix' Vegas limit, whose probes are spread by our random numbers instead of the thread's: those have no seed to set, and depend
 * on the thread's id, so no run could be repeated.
 */
final class SeededVegas implements Limit {
    private static final Field JITTER = jitter();

    private final VegasLimit vegas = VegasLimit.newDefault();
    private final RandomGenerator random;
    private double jitter;

    SeededVegas(RandomGenerator random) {
        this.random = random;
        draw();
    }

    @Override
    public void onSample(long startTime, long rtt, int inflight, boolean didDrop) {
        vegas.onSample(startTime, rtt, inflight, didDrop);
        try {
            if (JITTER.getDouble(vegas) != jitter) {
                draw();
            }
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** From the range it draws from itself. */
    private void draw() {
        jitter = 0.5 + 0.5 * random.nextDouble();
        try {
            JITTER.setDouble(vegas, jitter);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Field jitter() {
        try {
            Field field = VegasLimit.class.getDeclaredField("probeJitter");
            field.setAccessible(true);
            return field;
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public int getLimit() {
        return vegas.getLimit();
    }

    @Override
    public void notifyOnChange(Consumer<Integer> consumer) {
        vegas.notifyOnChange(consumer);
    }
}
