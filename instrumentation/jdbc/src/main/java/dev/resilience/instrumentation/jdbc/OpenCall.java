package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import org.jspecify.annotations.Nullable;

/**
 * One connection being opened or borrowed. Nothing in JDBC can cancel that: a pool is told to wait no longer than the
 * budget, and of what a driver opens on the caller's thread the sockets are closed.
 */
final class OpenCall extends Call {
    private final Database database;
    private final Guard owner;
    private final boolean enforced;
    private final boolean awaited;
    private final Wires wires = new Wires(this);
    private boolean probe;
    private boolean hurried;
    private long untilNanos;
    private volatile @Nullable Refusal reason;

    /**
     * With {@code enforced} it may be cut; with {@code awaited} false nobody waits for it but a pool in a thread of its
     * own, and it has no deadline.
     */
    OpenCall(Database database, Guard owner, boolean enforced, boolean awaited) {
        this.database = database;
        this.owner = owner;
        this.enforced = enforced;
        this.awaited = awaited;
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

    /** Bounds its wait for a pool: {@link #isLate} from {@code untilNanos} on. */
    void hurry(long untilNanos) {
        hurried = true;
        this.untilNanos = untilNanos;
    }

    boolean isLate() {
        return hurried && System.nanoTime() - untilNanos >= 0;
    }

    /** Its work begins, on this thread. */
    void begin() {
        if (enforced) {
            wires.attach();
        }
    }

    /** Its work is over, on the same thread: why it was cut short, or null if it was not, or there was nothing to cut. */
    @Nullable
    Refusal over() {
        return enforced && wires.detach() ? reason : null;
    }

    /** A connection is there for the statements, which count; and the one who waits for it needs those that are open. */
    @Override
    public boolean isLimited() {
        return false;
    }

    @Override
    public boolean timedByGuard() {
        return enforced && awaited;
    }

    @Override
    public long leastNanos() {
        return database.openings().leastNanos();
    }

    /** It may: a connection that is being tested is aborted. */
    @Override
    public boolean cancelMayBlock() {
        return true;
    }

    @Override
    public void cancel(Refusal refusal) {
        reason = refusal;
        wires.cut();
    }
}
