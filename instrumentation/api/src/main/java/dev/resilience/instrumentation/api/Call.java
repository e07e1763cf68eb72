package dev.resilience.instrumentation.api;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One call that a guard decides on; an adapter extends it with what it takes to stop the work.
 *
 * <p>The accessors below {@link #cancel} belong to the guard: an adapter never calls them.
 */
public abstract class Call {
    /*
     * A call is NEW until its guard admits it (ADMITTED) and SETTLED once its outcome counts. The step to SETTLED is
     * one CAS, so of all that can end a call (success, failure, cancel, deadline, drain) one wins. The other fields are
     * written before the call is published to timers and tables, by the thread that makes the call.
     */
    private static final VarHandle PHASE =
            ConstantBootstraps.fieldVarHandle(MethodHandles.lookup(), "phase", VarHandle.class, Call.class, int.class);

    private static final VarHandle DEADLINE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "deadline", VarHandle.class, Call.class, long.class);

    private static final VarHandle CUT =
            ConstantBootstraps.fieldVarHandle(MethodHandles.lookup(), "cut", VarHandle.class, Call.class, Object.class);

    private static final int NEW = 0;
    private static final int ADMITTED = 1;
    private static final int SETTLED = 2;

    private volatile int phase = NEW;
    private long permit;
    private long startNanos;
    private boolean untimed;
    private int slot = -1;
    private int limits;
    private long placed;
    private @Nullable Object attachment;
    private long deadline = Long.MAX_VALUE;
    private long answeredNanos;
    private @Nullable Guard guard;
    private @Nullable Thread maker;
    private boolean inherited;
    private volatile @Nullable Object cut;

    /**
     * Stops the work and gives the caller its exception, made from {@code refusal} and settled as
     * {@link Guard#settle} says. Called at most once, on a thread of the agent, possibly while the call is ending by
     * itself: whoever comes second does nothing. Must not block for long; must not run the application's callbacks.
     */
    public abstract void cancel(Refusal refusal);

    /** Whether the guard's own timer enforces the deadline; false where the library is given it (gRPC). */
    public boolean timedByGuard() {
        return true;
    }

    /**
     * Whether the library was given the guard's deadline, where the guard's timer does not enforce it: then the guard
     * only looks whether the call ended by it.
     */
    public boolean timedByLibrary() {
        return false;
    }

    /**
     * Whether the deadlines of its target are meant for calls like it. Not for a stream, which may live as long as it
     * likes: what an adaptive deadline is measured by is not learned from it either.
     */
    public boolean hasDeadline() {
        return true;
    }

    /** Whether work for this call goes on. Asked a while after it was cut, by a thread of the agent. */
    public boolean isWorking() {
        return isAdmitted();
    }

    /** The thread that does that work, or null if it is not known. */
    public @Nullable Thread worker() {
        return maker;
    }

    /**
     * Whether {@link #cancel} may wait for the library or the network (JDBC). It then runs on a worker thread; else on
     * the timer, where it would hold up every other deadline.
     */
    public boolean cancelMayBlock() {
        return false;
    }

    /**
     * Whether it is part of work begun earlier that ends only together with it (a transaction). Asked while draining,
     * which lets such a call through; must not do any I/O.
     */
    public boolean continuesWork() {
        return false;
    }

    /** Whether the limits of its target count it; false where it only brings about calls that they do count. */
    public boolean isLimited() {
        return true;
    }

    /**
     * How long the guard may keep the thread that asks waiting for its turn: 0 where that thread is not one that the
     * call blocks anyway, else at most what the caller's own timeout leaves. Asked only when it would have to wait.
     */
    public long patienceNanos() {
        return 0;
    }

    /**
     * How much longer its caller waits for whatever stands in for it, in nanoseconds, {@code elapsedNanos} after the call
     * began; {@link Long#MAX_VALUE} where that is not bounded. Asked only where another may be asked in its place.
     */
    public long leftToCallerNanos(long elapsedNanos) {
        return Long.MAX_VALUE;
    }

    /**
     * The least that a deadline of the guard's timer gives it, in nanoseconds: more than 0 only where a call of its kind
     * is known to need that. Asked only where there is a deadline.
     */
    public long leastNanos() {
        return 0;
    }

    /**
     * How long it takes from the begin of a {@link #cancel} until its caller has an answer, in nanoseconds, as far as that
     * is known: so much earlier the guard begins, within bounds of its own, that the answer is there by the deadline.
     */
    public long cancelNanos() {
        return 0;
    }

    /** The attempt before it, if it is one of a call that is made again; else null. */
    public @Nullable Again follows() {
        return null;
    }

    /** What it takes to make it again; null where it cannot be. Asked of a call that failed. */
    public @Nullable Attempt attempt() {
        return null;
    }

    /**
     * Says of two calls that they ask for the same: equal for those, rarely for others; 0 where it cannot be told.
     * Asked when it ends.
     */
    public long requestHash() {
        return 0;
    }

    /** What it asks for. Asked only where a policy has a condition. */
    public RequestFacts facts() {
        return RequestFacts.NONE;
    }

    /** What it is cut for, if not for an answer that did not come in time: it completes "call cut:". */
    public @Nullable String overdue() {
        return null;
    }

    /**
     * How much longer it may go on, in nanoseconds: asked when its deadline is over, and it is cut if that is 0. More than
     * 0 only where what it waits for moves on without moving its deadline.
     */
    public long leftNanos() {
        return 0;
    }

    /**
     * How long its answer was silent half-way, in nanoseconds, if it is that what it is cut for: it has stalled. Else 0.
     */
    public long silenceNanos() {
        return 0;
    }

    /** Whether it reads on in an answer that has begun: then its whole time is a silence of that answer. */
    public boolean readsOn() {
        return false;
    }

    public final boolean isSettled() {
        return phase == SETTLED;
    }

    /** Whether it is admitted and not settled. */
    public final boolean isAdmitted() {
        return phase == ADMITTED;
    }

    /** Marks the call admitted. */
    public final void admitted(long permit, long startNanos) {
        this.permit = permit;
        this.startNanos = startNanos;
        this.phase = ADMITTED;
    }

    /** Ends the call; true for the first of all who try. */
    public final boolean trySettle() {
        return PHASE.compareAndSet(this, ADMITTED, SETTLED);
    }

    public final long permit() {
        return permit;
    }

    /** When the guard admitted it, on the scale of {@link System#nanoTime}; up to a pulse before that if it is untimed. */
    public final long startNanos() {
        return startNanos;
    }

    /** Whether nobody reads the clock for it, as others of its guard are timed. */
    public final boolean isUntimed() {
        return untimed;
    }

    public final void untimed(boolean isUntimed) {
        untimed = isUntimed;
    }

    /** Its place in the table of calls in flight, or -1. */
    public final int slot() {
        return slot;
    }

    public final void slot(int slot) {
        this.slot = slot;
    }

    /** What the limits of its guard noted of it; 0 unless they did. */
    public final int limits() {
        return limits;
    }

    public final void limits(int limits) {
        this.limits = limits;
    }

    /** The permit of its place among the calls in flight, if the limits noted that it has one. */
    public final long placed() {
        return placed;
    }

    public final void placed(long permit) {
        this.placed = permit;
    }

    /** What telemetry keeps with the call, or null. */
    public final @Nullable Object attachment() {
        return attachment;
    }

    public final void attachment(@Nullable Object attachment) {
        this.attachment = attachment;
    }

    /** When the guard's timer cuts it, on that timer's scale; {@link Long#MAX_VALUE} for never. */
    public final long deadline() {
        return deadline;
    }

    public final void deadline(long deadline) {
        this.deadline = deadline;
    }

    /** Whether its deadline was still {@code from}, and so is {@code to} now. */
    public final boolean moveDeadline(long from, long to) {
        return DEADLINE.compareAndSet(this, from, to);
    }

    /** When the head of its answer was there, on the scale of {@link System#nanoTime}; 0 if nobody said so. */
    public final long answeredNanos() {
        return answeredNanos;
    }

    public final void answeredNanos(long nanos) {
        this.answeredNanos = nanos;
    }

    /** The guard that admitted it, or null. */
    public final @Nullable Guard guard() {
        return guard;
    }

    public final void guard(@Nullable Guard guard) {
        this.guard = guard;
    }

    /** The thread that makes it, kept while a deadline may find it at work and no longer. */
    public final void madeBy(@Nullable Thread thread) {
        if (maker != thread) {
            maker = thread;
        }
    }

    /** Whether a deadline ended it that was sooner than the guard's, and is not the guard's. */
    public final boolean inheritsDeadline() {
        return inherited;
    }

    /** To be said before it is settled. */
    public final void inheritsDeadline(boolean isInherited) {
        inherited = isInherited;
    }

    /** Claims the one {@link #cancel}; true for the first of all who try. */
    public final boolean tryCut(Object why) {
        return CUT.compareAndSet(this, null, why);
    }

    /** What was claimed with, or null while nobody cuts the call short. */
    public final @Nullable Object cut() {
        return cut;
    }

    /** Forgets a claim, for a call object that is used again. */
    public final void uncut() {
        if (cut != null) {
            cut = null;
        }
    }
}
