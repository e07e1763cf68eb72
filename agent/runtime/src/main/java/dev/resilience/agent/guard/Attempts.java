package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Trace;
import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Call;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What the next attempt of a call takes over from those before it. */
final class Attempts implements Again {
    private final LongSupplier nanoClock;
    private final int made;
    private final long begunNanos;
    private final long deadlineNanos;
    private final boolean isBounded;
    private final long afterNanos;
    private final @Nullable Trace trace;
    private volatile boolean begun;
    private volatile boolean refused;

    /**
     * @param made how many attempts there were
     * @param begunNanos when the first of them began
     * @param leftNanos until when all of them have time, from {@code nowNanos} on; {@link Long#MAX_VALUE} for ever
     * @param trace of the call, which its last attempt closes
     */
    Attempts(
            LongSupplier nanoClock,
            int made,
            long begunNanos,
            long leftNanos,
            long afterNanos,
            @Nullable Trace trace,
            long nowNanos) {
        this.nanoClock = nanoClock;
        this.made = made;
        this.begunNanos = begunNanos;
        this.isBounded = leftNanos != Long.MAX_VALUE;
        this.deadlineNanos = isBounded ? nowNanos + leftNanos : 0;
        this.afterNanos = afterNanos;
        this.trace = trace;
    }

    /** When the first attempt of a call began. */
    static long begunNanos(Call call) {
        return call.follows() instanceof Attempts before ? before.begunNanos : call.startNanos();
    }

    int made() {
        return made;
    }

    @Override
    public long afterNanos() {
        return afterNanos;
    }

    @Override
    public long leftNanos() {
        return leftNanos(nanoClock.getAsLong());
    }

    long leftNanos(long nowNanos) {
        return isBounded ? Math.max(0, deadlineNanos - nowNanos) : Long.MAX_VALUE;
    }

    /** The next attempt is decided on, and has the trace from now on. */
    @Nullable
    Trace begin() {
        begun = true;
        return trace;
    }

    /** Whether somebody closes the trace. */
    boolean isBegun() {
        return begun;
    }

    void refuse() {
        refused = true;
    }

    @Override
    public boolean isRefused() {
        return refused;
    }
}
