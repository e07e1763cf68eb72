package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** When our own process did not run, as a pulse shows that comes late, and what is therefore nobody's fault. */
final class OwnStalls {
    /** Two and a half pulses: no scheduler that works is that late, and no pause that long is the target's. */
    static final long STALL_NANOS = 250_000_000;

    /** Half a pulse: no timer that works is that late. Less is allowed for too, but is nothing to tell of. */
    private static final long TOLD_NANOS = 50_000_000;

    /** Half a second: what holds up a pulse holds up calls that began or ended thereabouts. */
    private static final int PULSES_OF_SLACK = 5;

    private static final VarHandle TOLD = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "told", VarHandle.class, OwnStalls.class, Stall.class);

    private volatile long end;
    private volatile @Nullable Stall told;

    // the pulse's own: how late pulses came, the latest of this half second and of the one before
    private long lateness;
    private long latenessBefore;
    private int pulses;

    OwnStalls(long nowNanos) {
        end = nowNanos;
    }

    /** For the pulse: so long since the one before, where {@code dueNanos} were due. */
    void pulsed(long elapsedNanos, long dueNanos, long nowNanos) {
        if (elapsedNanos > STALL_NANOS || nowNanos - end < 0) {
            end = nowNanos;
        }
        long late = elapsedNanos - dueNanos;
        if (late >= TOLD_NANOS) {
            tell(late, nowNanos);
        }
        if (++pulses % PULSES_OF_SLACK == 0) {
            latenessBefore = lateness;
            lateness = 0;
        }
        lateness = Math.max(lateness, Math.min(late, STALL_NANOS));
    }

    private void tell(long nanos, long nowNanos) {
        Stall seen;
        do {
            seen = told;
        } while (!TOLD.compareAndSet(
                this, seen, seen == null ? new Stall(nowNanos, nanos) : seen.then(nowNanos, nanos)));
    }

    /** What waiting for a processor may have added to a latency of late. For the pulse. */
    long slackNanos() {
        return Math.max(lateness, latenessBefore);
    }

    /** Whether a call of that age was under way during a stall. */
    boolean overlap(long ageNanos, long nowNanos) {
        return ageNanos >= nowNanos - end;
    }

    /** Stalls do not make a call older. */
    long ageNanos(long permit, long nowNanos) {
        return Math.min(Permit.ageNanos(permit, nowNanos), nowNanos - end);
    }

    /** A call that began in the future is one whose age nobody will ever know: the clock was set back. */
    boolean isOlder(long permit, long nanos, long nowNanos) {
        long age = ageNanos(permit, nowNanos);
        return age > nanos || age < -nanos;
    }

    void setAside(long failures, long calls) {
        Stall seen;
        do {
            seen = told;
        } while (seen != null && calls > 0 && !TOLD.compareAndSet(this, seen, seen.and(failures, calls)));
    }

    /** What there is to tell of now. */
    @Nullable
    Stall told(long nowNanos) {
        Stall seen = told;
        return seen == null || seen.isOver(nowNanos) ? null : seen;
    }
}
