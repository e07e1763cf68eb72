package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;

/**
 * One connection being opened or borrowed. Nothing in JDBC can cancel that: a pool is told to wait no longer than the
 * budget, and a driver's connect ends by the driver's own timeouts.
 */
final class OpenCall extends Call {
    private final Database database;
    private final Guard owner;
    private boolean probe;
    private boolean hurried;
    private long untilNanos;

    OpenCall(Database database, Guard owner) {
        this.database = database;
        this.owner = owner;
    }

    Database database() {
        return database;
    }

    Guard owner() {
        return owner;
    }

    /** Marks it a probe that its pool may open connections for. */
    void beginProbe() {
        probe = database.beginProbe();
    }

    void endProbe() {
        if (probe) {
            probe = false;
            database.endProbe();
        }
    }

    /** Bounds it: {@link #isLate} from {@code untilNanos} on. */
    void hurry(long untilNanos) {
        hurried = true;
        this.untilNanos = untilNanos;
    }

    boolean isLate() {
        return hurried && System.nanoTime() - untilNanos >= 0;
    }

    /** A connection is there for the statements, which count; and the one who waits for it needs those that are open. */
    @Override
    public boolean isLimited() {
        return false;
    }

    @Override
    public boolean timedByGuard() {
        return false;
    }

    @Override
    public void cancel(Refusal refusal) {}
}
