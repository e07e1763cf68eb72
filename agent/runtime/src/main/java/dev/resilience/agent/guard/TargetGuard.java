package dev.resilience.agent.guard;

import dev.resilience.agent.policy.FailureRule;
import dev.resilience.agent.policy.Link;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Protocol;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.agent.target.Target;
import dev.resilience.engine.AdaptiveDeadline;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Outcome;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.CancelTimes;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.HttpKeeper;
import dev.resilience.instrumentation.api.MessageKeeper;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.StreamBudgets;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The policy of one target at work: decides on each call, and hears how it ended. */
final class TargetGuard implements Guard {
    /*
     * decide() and conclude() are the life of a call, in order. The modes that do not enforce run the same breaker on
     * what really happens; a call it would refuse goes on with the permit REFUSED, which settles nothing.
     *
     * It is decided in one order: drain, breaker, rate, places. What a call has when it is refused goes back at once; a
     * call that waits for a place has nothing meanwhile, and with the place it begins anew, as all may have changed. The
     * place is noted on the call as soon as it is taken, and given back where the note is taken off.
     *
     * A busy guard times one call in Breaker.TIMED. The others take the last beat of the pulse for the time, and read the
     * clock only if something speaks against them, or if they did not succeed.
     *
     * A call ends by one CAS (Call.trySettle), and is cut short by another (Call.tryCut), so deadline, drain and the
     * call's own end may race: the outcome counts once, and the cancel runs at most once.
     *
     * A guard that nobody used for a while leaves: the pulse takes it from UNUSED to GONE by a CAS, a call takes it from
     * UNUSED to USED by another before anything of it is in flight, so one of them wins. A call that looked its guard up
     * before that and asks it afterwards is handed on to the guard there is now, which is its guard from then on.
     *
     * Faults end here. Those of the sink are caught where it is called, so that losing telemetry loses no protection;
     * any other lets the call pass.
     */
    private static final int UNUSED = 0;
    private static final int USED = 1;
    private static final int GONE = 2;

    /** A refusal that took less did not wait for its turn. */
    private static final long WAITED_NANOS = 1_000_000;

    /** A timer that is later than this was held up by our own process, not by a busy processor. */
    private static final long LATE_NANOS = 100_000_000;

    /**
     * The timer comes so much later than who waits for a call and looks himself: at the same instant the two would only
     * keep each other, and the next to wake, from a processor.
     */
    private static final long AWAITED_NANOS = 20_000_000;

    private static final VarHandle USE = handle("use", int.class);
    private static final VarHandle LOST = handle("lost", LongAdder.class);

    private final Seat seat;
    private final Subject subject;
    private final FailureRule failures;
    private final boolean refuses;
    /** 0 where there is none, or an adaptive one. */
    private final long fixedNanos;

    /** What of a deadline that is a duration is kept for the fallback, and so not in {@link #fixedNanos}. */
    private final long reservedNanos;

    private final @Nullable AdaptiveDeadline adaptive;
    private final @Nullable StreamBudgets streams;
    private final @Nullable ReadStalls readStalls;
    /** Whether a call that reads on in its answer has a bound of its own. */
    private final boolean boundsReads;

    private final FallbackChain chain;
    private final @Nullable GuardRetries retries;
    /** Whether what {@link #retries} decides is done. */
    private final boolean repeats;

    private final @Nullable Circuit circuit;
    private final @Nullable Limits limits;
    private final @Nullable HttpKeeper keeper;
    private final @Nullable MessageMemory memory;
    private final Machinery machinery;
    private final Telling telling;
    /**
     * Whether a call may go untimed: no deadline is a duration, nothing is made again, and there is no limit but the circuit's
     * learns from latencies.
     */
    private final boolean samples;

    /** Whether it refused before; two that race for being first are both. */
    private boolean hasRefused;

    private volatile @Nullable LongAdder lost;
    private volatile int use = USED;

    /** The pulse's own: for how many of its sweeps nobody used it, and whether a call of it was listed since the last. */
    private int quietSweeps;

    private boolean held;

    TargetGuard(
            Seat seat,
            Subject subject,
            Mode mode,
            long fixedNanos,
            long reservedNanos,
            @Nullable AdaptiveDeadline adaptive,
            @Nullable StreamBudgets streams,
            @Nullable ReadStalls readStalls,
            FailureRule failures,
            List<Link> chain,
            @Nullable Circuit circuit,
            @Nullable Limits limits,
            SnapshotTable.@Nullable Kept kept,
            @Nullable Retrying retrying,
            Protocol protocol,
            Machinery machinery) {
        this.seat = seat;
        this.subject = subject;
        this.failures = failures;
        this.refuses = mode == Mode.ENFORCE;
        this.fixedNanos = fixedNanos;
        this.reservedNanos = reservedNanos;
        this.adaptive = adaptive;
        this.streams = mode == Mode.ENFORCE ? streams : null;
        this.readStalls = readStalls;
        this.boundsReads = readStalls != null && readStalls.learned() == null;
        this.repeats = retrying != null && mode != Mode.OBSERVE;
        this.circuit = circuit;
        this.limits = limits;
        this.keeper = kept == null ? null : new Recall.Keeper(machinery.snapshots(), kept.http());
        this.memory = kept == null
                ? null
                : new MessageMemory(machinery.snapshots(), isOfStatements() ? kept.rows() : kept.messages());
        this.machinery = machinery;
        this.telling = new Telling(subject, circuit, limits, machinery);
        this.chain = new FallbackChain(
                mode == Mode.OBSERVE ? List.of() : chain, protocol, failures, memory, subject, telling, machinery);
        this.retries = retrying == null
                ? null
                : new GuardRetries(retrying, refuses, repeats, adaptive != null, subject, circuit, telling, machinery);
        this.samples = fixedNanos == 0 && retries == null && (limits == null || !limits.adapts());
    }

    Seat seat() {
        return seat;
    }

    Subject subject() {
        return subject;
    }

    @Nullable
    Limits limits() {
        return limits;
    }

    /** How many calls would have been refused that in truth succeeded: the price of enforcing. */
    long wouldHaveLost() {
        LongAdder counted = lost;
        return counted == null ? 0 : counted.sum();
    }

    private void countLost() {
        LongAdder counted = lost;
        if (counted == null) {
            LongAdder fresh = new LongAdder();
            LongAdder first = (LongAdder) LOST.compareAndExchange(this, null, fresh);
            counted = first == null ? fresh : first;
        }
        counted.increment();
    }

    /** Keeps it until the next sweep at least. For the pulse. */
    void hold() {
        held = true;
        if (circuit != null) {
            circuit.held = true;
        }
    }

    /** For how many sweeps in a row, this one included, nobody used it. For the pulse, once each sweep. */
    int quietSweeps() {
        boolean used = USE.compareAndSet(this, USED, UNUSED) || held || (circuit != null && circuit.held);
        held = false;
        if (circuit != null) {
            circuit.held = false;
        }
        quietSweeps = used ? 0 : quietSweeps + 1;
        if (circuit != null && !used) {
            circuit.active(false);
        }
        return quietSweeps;
    }

    /** Whether a new guard would decide the same. */
    boolean isAtRest() {
        return (circuit == null || circuit.isAtRest())
                && (limits == null || limits.isAtRest(machinery.nanoClock().getAsLong()));
    }

    /** Takes it out of service, unless a call just used it. */
    boolean tryLeave() {
        return USE.compareAndSet(this, UNUSED, GONE);
    }

    boolean isGone() {
        return use == GONE;
    }

    private boolean isUsed() {
        if (!USE.compareAndSet(this, UNUSED, USED)) {
            return use == USED;
        }
        if (circuit != null) {
            circuit.active(true);
        }
        return true;
    }

    @Nullable
    Circuit circuit() {
        return circuit;
    }

    @Override
    public boolean enforces() {
        return refuses || !chain.isEmpty() || repeats;
    }

    @Override
    public long deadlineNanos() {
        return refuses ? budgetNanos() : 0;
    }

    @Override
    public boolean isDeadlineAdaptive() {
        return adaptive != null;
    }

    @Override
    public void answering(Call call) {
        Guard own = call.guard();
        if (own != this && own != null) {
            own.answering(call);
        } else if (adaptive != null) {
            call.deadline(DeadlineTimer.NEVER);
            call.answeredNanos(machinery.nanoClock().getAsLong());
        }
    }

    /** What a call has, or would have if it were enforced; 0 for no bound. */
    private long budgetNanos() {
        AdaptiveDeadline learned = adaptive;
        return learned == null ? fixedNanos : learned.nanos();
    }

    /** What a call has, or would have; one that reads on no more than its answer may be silent. */
    private long budgetNanos(Call call) {
        long silence = boundsReads ? silenceNanos(call) : 0;
        return silence == 0 ? budgetNanos() : silence;
    }

    /** For how long its answer was silent if that is what it is cut for, or would be; else 0. */
    private long silenceNanos(Call call) {
        ReadStalls stalls = readStalls;
        if (stalls == null) {
            return 0;
        }
        if (!call.readsOn()) {
            return call.silenceNanos();
        }
        long budget = budgetNanos();
        return budget == 0 || stalls.nanos() < budget ? stalls.nanos() : 0;
    }

    @Nullable
    AdaptiveDeadline adaptiveDeadline() {
        return adaptive;
    }

    /** What is taken over by the guard of its name after a reload. */
    Rules.Learned learned() {
        return new Rules.Learned(adaptive, readStalls == null ? null : readStalls.learned());
    }

    @Override
    public @Nullable Refusal tryAcquire(Call call) {
        try {
            if (use != USED && !isUsed()) {
                return seat.taken().tryAcquire(call);
            }
            call.limits(0);
            boolean isUntimed = samples && circuit != null && circuit.isHot() && isLeftOut(call);
            call.untimed(isUntimed);
            long asked = isUntimed
                    ? machinery.pulse().lastBeat()
                    : machinery.nanoClock().getAsLong();
            return decide(call, retries == null ? telling.open() : open(call), asked, asked);
        } catch (Throwable fault) {
            machinery.faults().report("guard/tryAcquire", fault);
            if (!call.isAdmitted()) {
                leave(call);
                call.madeBy(null);
            }
            return null;
        }
    }

    @Override
    public @Nullable Fallback settle(Call call, Ending ending) {
        try {
            Guard own = call.guard();
            if (own != this && own != null) {
                return own.settle(call, ending);
            }
            return call.trySettle() ? conclude(call, ending, false) : null;
        } catch (Throwable fault) {
            machinery.faults().report("guard/settle", fault);
            leave(call);
            return null;
        }
    }

    @Override
    public @Nullable Refusal expired(Call call) {
        try {
            Guard own = call.guard();
            if (own != this && own != null) {
                return own.expired(call);
            }
            if (!call.isAdmitted()) {
                return null;
            }
            Cut cut = expiry(call, fixedNanos);
            if (call.tryCut(cut)) {
                return cut.refusal();
            }
            // the timer came first, and its cut may still be on its way
            return call.cut() instanceof Cut first && first.refusal().reason().isTimeout() ? first.refusal() : null;
        } catch (Throwable fault) {
            machinery.faults().report("guard/expired", fault);
            return null;
        }
    }

    @Override
    public @Nullable Refusal expiredAfterwards(Call settled) {
        try {
            Guard own = settled.guard();
            if (own != this && own != null) {
                return own.expiredAfterwards(settled);
            }
            Cut cut = expiry(settled, fixedNanos);
            tellAfterwards(
                    settled,
                    afterwards(settled),
                    cut,
                    null,
                    machinery.nanoClock().getAsLong());
            return cut.refusal();
        } catch (Throwable fault) {
            machinery.faults().report("guard/expiredAfterwards", fault);
            return null;
        }
    }

    @Override
    public @Nullable Fallback settleExpired(Call call, @Nullable Throwable thrown) {
        try {
            Guard own = call.guard();
            if (own != this && own != null) {
                return own.settleExpired(call, thrown);
            }
            if (call.attachment() instanceof Call timed) {
                return concludeStream(call, timed, thrown);
            }
            return call.trySettle() ? conclude(call, Ending.failed(Ending.TIMEOUT, thrown), true) : null;
        } catch (Throwable fault) {
            machinery.faults().report("guard/settleExpired", fault);
            leave(call);
            return null;
        }
    }

    @Override
    public long cutIfDue(Call call) {
        try {
            Guard own = call.guard();
            if (own != this && own != null) {
                return own.cutIfDue(call);
            }
            long left = leftNanos(call);
            if (left <= 0) {
                expire(call);
                left = Math.max(1, leftNanos(call));
            } else {
                machinery.inFlight().later(call, AWAITED_NANOS);
            }
            return left;
        } catch (Throwable fault) {
            machinery.faults().report("guard/cutIfDue", fault);
            return Long.MAX_VALUE;
        }
    }

    @Override
    public void isLeft(Call call) {
        try {
            Guard own = call.guard();
            if (own != this && own != null) {
                own.isLeft(call);
            } else if (call.isAdmitted()) {
                machinery.inFlight().sooner(call);
                machinery.timer().listed(call.deadline());
            }
        } catch (Throwable fault) {
            machinery.faults().report("guard/isLeft", fault);
        }
    }

    private long leftNanos(Call call) {
        long deadline = call.deadline();
        return deadline == DeadlineTimer.NEVER || !call.isAdmitted()
                ? Long.MAX_VALUE
                : deadline - machinery.timer().now();
    }

    @Override
    public @Nullable HttpKeeper httpKeeper(String method) {
        return keeper == null ? machinery.snapshots().keeperOfOthers(method) : keeper;
    }

    @Override
    public @Nullable MessageKeeper messageKeeper() {
        return memory;
    }

    @Override
    public boolean repeats() {
        return repeats;
    }

    @Override
    public boolean looksIntoStatements() {
        return isOfStatements() && (!chain.isEmpty() || repeats);
    }

    private boolean isOfStatements() {
        return subject.protocol().equals(Target.JDBC);
    }

    @Override
    public @Nullable StreamBudgets streamBudgets() {
        return streams;
    }

    @Override
    public long stallAfterNanos() {
        ReadStalls stalls = readStalls;
        return stalls == null || !refuses ? 0 : stalls.nanos();
    }

    @Override
    public boolean isStallAfterAdaptive() {
        return readStalls != null && readStalls.learned() != null;
    }

    @Override
    public boolean awaitsEnd(Call call) {
        ReadStalls stalls = readStalls;
        return stalls != null && stalls.areSuspected() && telling.state() != BreakerState.CLOSED;
    }

    @Override
    public void heard(Call stream, long silenceNanos, boolean isWhole) {
        try {
            Guard own = stream.guard();
            if (own != this && own != null) {
                own.heard(stream, silenceNanos, isWhole);
            } else if (stream.trySettle()) {
                machinery.streams().end(stream);
                heard(stream, silenceNanos, isWhole, machinery.nanoClock().getAsLong());
            }
        } catch (Throwable fault) {
            machinery.faults().report("guard/heard", fault);
        }
    }

    private void heard(Call call, long silenceNanos, boolean isWhole, long now) {
        ReadStalls stalls = readStalls;
        if (stalls != null) {
            long ours = silenceNanos < AdaptiveDeadline.MATTERS_NANOS ? 0 : telling.stalledNanos(call, now);
            stalls.heard(Math.max(0, silenceNanos - ours), isWhole, now);
        }
    }

    /** An answer was cut because it stopped half-way, and counts as a failure by now; some in a row open the circuit. */
    private void countReadStall(Cut cut, long now) {
        ReadStalls stalls = readStalls;
        if (stalls == null) {
            return;
        }
        stalls.stalled(cut.silenceNanos(), now);
        String cause = stalls.cause();
        if (cause != null && circuit != null) {
            circuit.trip(cause, now);
            if (circuit.state() == BreakerState.OPEN) {
                stalls.opened();
            }
        }
    }

    private static boolean isReadStall(@Nullable Cut cut) {
        return cut != null && cut.silenceNanos() > 0;
    }

    private static Reason timeout(@Nullable Cut cut) {
        return isReadStall(cut) ? Reason.READ_STALL : Reason.DEADLINE_EXHAUSTED;
    }

    @Override
    public void watch(Call stream, Call call) {
        try {
            Guard own = call.guard();
            stream.guard(own == null ? this : own);
            stream.attachment(call);
            stream.deadline(DeadlineTimer.NEVER);
            stream.admitted(Breaker.REFUSED, machinery.nanoClock().getAsLong());
            machinery.streams().begin(stream);
        } catch (Throwable fault) {
            machinery.faults().report("guard/watch", fault);
        }
    }

    @Override
    public void due(Call stream, long nanos) {
        try {
            long before = stream.deadline();
            DeadlineTimer timer = machinery.timer();
            long deadline = nanos == Long.MAX_VALUE
                    ? DeadlineTimer.NEVER
                    : timer.at(machinery.nanoClock().getAsLong(), nanos);
            stream.deadline(deadline);
            if (deadline < before) {
                machinery.streams().sooner(stream);
                timer.listed(deadline);
            }
        } catch (Throwable fault) {
            machinery.faults().report("guard/due", fault);
        }
    }

    /** Whether this call of a busy guard need not be timed. */
    private static boolean isLeftOut(Call call) {
        return ThreadLocalRandom.current().nextInt(Breaker.TIMED) != 0 && call.isLimited();
    }

    /** What is decided against a call is decided by the clock. */
    private long exact(Call call, long now) {
        if (!call.isUntimed()) {
            return now;
        }
        call.untimed(false);
        return machinery.nanoClock().getAsLong();
    }

    private @Nullable Refusal decide(Call call, @Nullable Trace trace, long asked, long now) {
        if (refuses && !machinery.inFlight().mayBegin(call)) {
            return refuse(call, trace, Reason.DRAINING, machinery.inFlight().drain(), 0, 0, asked, now);
        }
        long permit = Breaker.REFUSED;
        if (circuit != null) {
            permit = call.isUntimed() ? circuit.tryAcquireUntimed() : circuit.tryAcquire(call.isLimited(), now);
            telling.news(trace);
            if (Breaker.isRefusal(permit)) {
                Reason denied = permit == Breaker.LIMITED ? Reason.CONCURRENCY_LIMIT : Reason.CIRCUIT_OPEN;
                boolean isUntimed = call.isUntimed();
                long refused = exact(call, now);
                return mayRefuse(refused)
                        ? refuse(
                                call,
                                trace,
                                denied,
                                circuit.cause(),
                                circuit.tally(),
                                circuit.retryAfterNanos(refused),
                                isUntimed ? refused : asked,
                                refused)
                        : admit(call, trace, permit, denied, asked, refused);
            }
        }
        if (limits != null && call.isLimited()) {
            Reason denied = limits.tryBegin(call, now);
            if (denied != null) {
                settlePermit(permit, Outcome.IGNORED, now);
                if (call.isUntimed()) {
                    long exact = exact(call, now);
                    return decide(call, trace, exact, exact);
                }
                return deny(limits, call, trace, denied, asked, now);
            }
        }
        return admit(call, trace, permit, null, asked, now);
    }

    /** Refuses a call that a limit has nothing for, unless it gets a place by waiting. */
    private @Nullable Refusal deny(
            Limits limits, Call call, @Nullable Trace trace, Reason denied, long asked, long now) {
        if (!refuses || (limits.needsPulse(denied) && !mayRefuse(now))) {
            return admit(call, trace, Breaker.REFUSED, denied, asked, now);
        }
        long refused = now;
        if (denied == Reason.CONCURRENCY_LIMIT && call.limits() != Limits.PLACED) {
            boolean placed = limits.awaitsPlace(call, budgetNanos());
            refused = machinery.nanoClock().getAsLong();
            if (placed || !machinery.inFlight().mayBegin(call)) {
                return decide(call, trace, asked, refused);
            }
        }
        return refuse(
                call, trace, denied, null, limits.tally(), limits.retryAfterNanos(denied, refused), asked, refused);
    }

    /** A breaker whose pulse stands still could stay open for ever, so it refuses nobody. */
    private boolean mayRefuse(long now) {
        return refuses && machinery.pulse().isBeating(now);
    }

    /** {@code denied} is why it would have been refused. */
    private @Nullable Refusal admit(
            Call call, @Nullable Trace trace, long permit, @Nullable Reason denied, long asked, long now) {
        call.guard(this);
        call.attachment(trace);
        call.uncut();
        if (denied != null) {
            leave(call);
            call.limits(Limits.DENIED);
        }
        long deadline = deadline(call, asked);
        call.deadline(deadline);
        if (adaptive != null) {
            call.answeredNanos(0);
        }
        call.madeBy(deadline == DeadlineTimer.NEVER ? null : Thread.currentThread());
        call.admitted(permit, now);
        if (refuses && !machinery.inFlight().begin(call)) {
            call.trySettle();
            call.madeBy(null);
            settlePermit(permit, Outcome.IGNORED, now);
            return refuse(call, trace, Reason.DRAINING, machinery.inFlight().drain(), 0, 0, asked, now);
        }
        if (!refuses && call.limits() == Limits.PLACED) {
            machinery.limits().observed().begin(call);
        }
        if (trace != null) {
            telling.admitted(trace, denied, now);
        }
        if (deadline != DeadlineTimer.NEVER) {
            machinery.timer().listed(deadline);
        }
        return null;
    }

    /** When the timer has to look at this call: to cut it, or to see whether its library did. */
    private long deadline(Call call, long asked) {
        long budget = refuses ? budgetNanos(call) : 0;
        if (budget == 0) {
            return DeadlineTimer.NEVER;
        }
        if (call.follows() instanceof Attempts before) {
            budget = Math.min(budget, Math.max(1, before.leftNanos(asked)));
        }
        if (call.timedByGuard()) {
            long slack = call.isUntimed() ? Pulse.PERIOD_NANOS : 0; // it may have begun so long after the latest beat
            long given = Math.max(budget, call.leastNanos());
            return machinery.timer().at(asked, given - earlyNanos(call, given) + slack);
        }
        return call.timedByLibrary()
                ? machinery.timer().at(asked, budget + LeakWatch.GRACE_NANOS)
                : DeadlineTimer.NEVER;
    }

    /** So much earlier its cancel begins, to have ended it by the deadline that somebody wrote down. */
    private long earlyNanos(Call call, long given) {
        return adaptive != null || silenceNanos(call) > 0 ? 0 : CancelTimes.early(call.cancelNanos(), given);
    }

    private void leave(Call call) {
        leave(call, Outcome.IGNORED, 0);
    }

    private void leave(Call call, Outcome outcome, long now) {
        if (limits != null) {
            limits.leave(call, outcome, now);
        }
    }

    private Refusal refuse(
            Call call,
            @Nullable Trace trace,
            Reason reason,
            @Nullable Cause from,
            long tally,
            long retryAfterNanos,
            long asked,
            long now) {
        leave(call);
        if (retries != null && call.follows() instanceof Attempts before) {
            before.refuse();
        }
        Cause cause = trace != null || now - asked >= WAITED_NANOS ? ofCall(from, asked, now, trace) : from;
        long id = telling.newId();
        boolean isFirst = !hasRefused;
        if (isFirst) {
            hasRefused = true;
        }
        Signal.Decision rejected = null;
        Throwable thrown = null;
        if (trace != null) {
            rejected = telling.decision(
                    Verdict.REJECTED,
                    reason,
                    id,
                    telling.counts(reason, cause, tally),
                    null,
                    cause == null ? null : cause.origin(),
                    cause == null ? 0 : cause.waitedNanos(),
                    now);
            thrown = new CallRefused(telling.message(reason, cause, tally, retryAfterNanos, id));
        }
        Fallback fallback = chain.begin(call, trace, id, rejected, thrown, null, now, now);
        return new Refused(telling, reason, cause, tally, retryAfterNanos, id, isFirst, fallback);
    }

    private static Cause ofCall(@Nullable Cause from, long asked, long now, @Nullable Trace trace) {
        long waited = now - asked;
        return new Cause.OfCall(from, waited >= WAITED_NANOS ? waited : 0, trace == null ? null : trace.traceId());
    }

    private @Nullable Fallback conclude(Call call, Ending ending, boolean expired) {
        release(call);
        Cut cut = (Cut) call.cut();
        Outcome outcome = expired ? Outcome.FAILURE : failures.classify(ending);
        if (cut != null && outcome != Outcome.SUCCESS) {
            outcome = cut.refusal().reason() == Reason.DRAINING ? Outcome.IGNORED : Outcome.FAILURE;
        }
        boolean isUntimed = call.isUntimed() && outcome == Outcome.SUCCESS && !isLong(call);
        long now = isUntimed ? call.startNanos() : machinery.nanoClock().getAsLong();
        leave(call, outcome, now);
        if (isUntimed) {
            settleUntimed(call.permit());
        } else {
            settlePermit(call.permit(), outcome, now);
        }
        boolean isStalled = false;
        if (cut != null && outcome == Outcome.FAILURE && isReadStall(cut)) {
            isStalled = true;
            countReadStall(cut, now);
        } else if (readStalls != null && boundsReads && outcome == Outcome.SUCCESS && call.readsOn()) {
            readStalls.wentOn();
        }
        long budget = budgetNanos(call);
        learn(call, outcome, expired && !isStalled, now);
        Trace trace = (Trace) call.attachment();
        telling.news(trace);
        boolean isOver = (expired || cut != null) && !isStalled;
        Attempts next =
                retries == null ? null : retries.after(call, outcome, isOver, ending, trace, deadlineNanos(), now);
        if (cut != null && outcome == Outcome.IGNORED) {
            long elapsed = now - call.startNanos();
            telling.tell(
                    trace,
                    telling.decision(
                            Verdict.REJECTED,
                            Reason.DRAINING,
                            cut.id(),
                            null,
                            Telling.original(ending),
                            cut.origin(),
                            elapsed,
                            now));
            telling.close(trace, ending.thrown());
            return null;
        }
        if (expired || (cut != null && outcome == Outcome.FAILURE)) {
            long id = cut == null ? telling.newId() : cut.id();
            Signal.Decision timedOut = trace == null
                    ? null
                    : telling.decision(
                            Verdict.TIMED_OUT,
                            timeout(cut),
                            id,
                            null,
                            Telling.original(ending),
                            cut == null ? origin(budget) : cut.origin(),
                            now - Attempts.begunNanos(call),
                            now);
            if (next == null) {
                return chain.begin(call, trace, id, timedOut, ending, now);
            }
            if (timedOut != null) {
                telling.tell(trace, timedOut); // its caller may get this one's exception after all
            }
            return new OnceMore(next, chain, telling, call, trace, id, ending, now);
        }
        observe(call, outcome, budget, trace, now);
        if (trace != null) {
            telling.stalled(call, trace, now);
            telling.inherited(call, trace, ending, now);
        }
        if (next != null) {
            return new OnceMore(next, chain, telling, call, trace, telling.newId(), ending, now);
        }
        if (outcome == Outcome.FAILURE) {
            return chain.begin(call, trace, telling.newId(), null, ending, now);
        }
        telling.close(trace, ending.thrown());
        return null;
    }

    /**
     * A stream that was cut. Where it has begun, and so its call counts as a success, that it stopped half-way is a second
     * outcome, as long as there is a window that counts outcomes: a call from before a trip is no probe.
     */
    private @Nullable Fallback concludeStream(Call stream, Call call, @Nullable Throwable thrown) {
        if (!stream.trySettle()) {
            return null;
        }
        machinery.streams().end(stream);
        Cut cut = (Cut) stream.cut();
        if (cut != null) {
            call.tryCut(cut);
        }
        if (call.trySettle()) {
            return conclude(call, Ending.failed(Ending.TIMEOUT, thrown), true);
        }
        long now = machinery.nanoClock().getAsLong();
        Trace trace = afterwards(call);
        if (circuit != null && (use == USED || isUsed()) && circuit.state() == BreakerState.CLOSED) {
            settlePermit(circuit.tryAcquire(false, now), Outcome.FAILURE, now);
        }
        if (cut != null && isReadStall(cut)) {
            countReadStall(cut, now);
        }
        telling.news(trace);
        tellAfterwards(call, trace, cut, thrown, now);
        return null;
    }

    private @Nullable Trace afterwards(Call settled) {
        Trace known = settled.attachment() instanceof Trace told ? told.afterwards() : null;
        return known == null ? telling.open() : known;
    }

    /** What came of an answer once its call had ended. */
    private void tellAfterwards(
            Call settled, @Nullable Trace trace, @Nullable Cut cut, @Nullable Throwable thrown, long now) {
        long id = cut == null ? telling.newId() : cut.id();
        String original = thrown == null ? null : thrown.getClass().getName();
        Signal.Origin origin = cut == null ? null : cut.origin();
        long elapsed = now - settled.startNanos();
        telling.tell(
                trace, telling.decision(Verdict.TIMED_OUT, timeout(cut), id, null, original, origin, elapsed, now));
        telling.close(trace, thrown);
    }

    /** Whether a call that nobody timed took so long that an adaptive deadline wants to know. */
    private boolean isLong(Call call) {
        if (adaptive == null) {
            return false;
        }
        long answered = call.answeredNanos();
        long seen = answered == 0 ? machinery.pulse().lastBeat() : answered;
        return seen - call.startNanos() >= AdaptiveDeadline.MATTERS_NANOS;
    }

    /** What a deadline cut is known from the guard's own clock, also where a library enforces it. */
    private void learn(Call call, Outcome outcome, boolean expired, long now) {
        if (adaptive == null || !call.hasDeadline()) {
            return;
        }
        long answered = call.answeredNanos();
        long taken = (answered == 0 ? now : answered) - call.startNanos();
        if (taken >= AdaptiveDeadline.MATTERS_NANOS) {
            taken -= telling.stalledNanos(call, now);
        }
        if (outcome != Outcome.SUCCESS) {
            if (expired) {
                adaptive.cut(now - call.startNanos(), now);
            }
        } else if (call.isUntimed()) {
            adaptive.tookLong(taken);
        } else {
            adaptive.succeeded(call.startNanos(), call.startNanos() + taken);
        }
    }

    /** In the modes that refuse nobody: what enforcing would have done to this call. */
    private void observe(Call call, Outcome outcome, long budget, @Nullable Trace trace, long now) {
        if (refuses) {
            return;
        }
        boolean late = budget != 0 && call.hasDeadline() && now - call.startNanos() > budget;
        if ((late || call.limits() == Limits.DENIED) && outcome == Outcome.SUCCESS) {
            countLost();
        }
        if (late && trace != null) {
            long elapsed = now - call.startNanos();
            long silence = silenceNanos(call);
            telling.tell(
                    trace,
                    telling.decision(
                            Verdict.WOULD_TIME_OUT,
                            silence == 0 ? Reason.DEADLINE_EXHAUSTED : Reason.READ_STALL,
                            telling.newId(),
                            "lost=" + wouldHaveLost(),
                            null,
                            origin(silence, budget),
                            elapsed,
                            now));
        }
    }

    private void release(Call call) {
        (refuses ? machinery.inFlight() : machinery.limits().observed()).end(call);
        call.madeBy(null);
    }

    /** A call that is not listed may end after its guard left: then nobody is left to whom it would matter. */
    private void settlePermit(long permit, Outcome outcome, long now) {
        if (circuit != null && (use == USED || isUsed())) {
            circuit.settle(permit, outcome, now);
        }
    }

    private void settleUntimed(long permit) {
        if (circuit != null && (use == USED || isUsed())) {
            circuit.settleUntimed(permit);
        }
    }

    /** The deadline of {@code call} is over. */
    static void expire(Call call) {
        if (call.guard() instanceof TargetGuard guard && !call.isSettled()) {
            guard.expire(call, call.deadline(), guard.machinery.timer().now());
        } else {
            call.deadline(DeadlineTimer.NEVER);
        }
    }

    private void expire(Call call, long deadline, long now) {
        long late = now - deadline;
        if (late < 0) {
            return; // it was moved meanwhile
        }
        if (!call.timedByGuard()) {
            expireInLibrary(call, late, now);
            return;
        }
        long silence = silenceNanos(call);
        String overdue = call.overdue();
        if ((adaptive != null || overdue != null || silence > 0) && late > LATE_NANOS) {
            // we stood still, and could not see an answer: it has that time again
            call.moveDeadline(deadline, now + late);
            return;
        }
        long left = call.leftNanos();
        if (left > 0) {
            call.moveDeadline(deadline, now + left);
            return;
        }
        if (!call.moveDeadline(deadline, DeadlineTimer.NEVER)) {
            return;
        }
        if (silence > 0) {
            stop(call, silence, now);
            return;
        }
        if (overdue != null) {
            long id = telling.newId();
            String message = Messages.expired(subject, overdue, id, elapsed(call), traceId(call));
            Signal.Origin origin = new Signal.Origin("stream_budget", null, null, overdue);
            cut(call, new Cut(Refusal.saying(message, Reason.DEADLINE_EXHAUSTED, 0, null), id, origin));
            return;
        }
        long given = adaptive == null
                ? Math.max(fixedNanos, call.leastNanos())
                : deadline - machinery.timer().at(call.startNanos(), call.isUntimed() ? Pulse.PERIOD_NANOS : 0);
        Cut cut = expiry(call, given);
        if (cut(call, cut)) {
            watchLeak(call, cut, now);
        }
    }

    /** Its answer is silent half-way: of a call that reads on, or of a stream beside its call. */
    private void stop(Call silent, long silence, long now) {
        Call call = silent.attachment() instanceof Call beside ? beside : silent;
        long id = telling.newId();
        Signal.Origin origin = origin(silence, 0);
        String message = Messages.stalled(subject, silence, id, elapsed(call), traceId(call), origin);
        Cut cut = new Cut(Refusal.saying(message, Reason.READ_STALL, 0, null), id, origin, silence);
        if (cut(silent, cut) && silent == call) {
            watchLeak(call, cut, now);
        }
    }

    /** The timer looks again then, and may sleep if another cut the call. */
    private void watchLeak(Call call, Cut cut, long now) {
        machinery.leaks().watch(call, cut, now);
        machinery.timer().listed(now + LeakWatch.GRACE_NANOS);
    }

    private Cut expiry(Call call, long given) {
        long id = telling.newId();
        Signal.Origin origin = origin(given);
        String message = Messages.expired(subject, given, id, elapsed(call), traceId(call), origin);
        return new Cut(Refusal.saying(message, Reason.DEADLINE_EXHAUSTED, 0, null), id, origin);
    }

    /** Its library had the deadline, and should have ended it by now. */
    private void expireInLibrary(Call call, long late, long now) {
        if (late > LATE_NANOS) {
            call.deadline(now + LeakWatch.GRACE_NANOS); // we stood still, and so did the library
            return;
        }
        call.deadline(DeadlineTimer.NEVER);
        machinery.leaks().found(call, telling.newId());
    }

    private long elapsed(Call call) {
        return machinery.nanoClock().getAsLong() - Attempts.begunNanos(call);
    }

    private static @Nullable String traceId(Call call) {
        return call.attachment() instanceof Trace trace ? trace.traceId() : null;
    }

    /** Where a deadline of so much comes from, or, unless that is 0, what may be silent for so long. */
    private Signal.Origin origin(long silence, long given) {
        ReadStalls stalls = readStalls;
        return silence == 0 || stalls == null ? origin(given) : stalls.origin(silence);
    }

    /** Where a deadline of so much comes from. */
    private Signal.Origin origin(long given) {
        if (adaptive != null) {
            return new Signal.Origin("adaptive_deadline", null, null, adaptive.basis());
        }
        long reserved = given == fixedNanos ? reservedNanos : 0;
        String configured = Messages.duration(given + reserved);
        String text =
                reserved == 0 ? configured : configured + ", " + Messages.duration(reserved) + " for its fallback";
        return new Signal.Origin("policy_deadline", null, null, text);
    }

    /** The work of {@code call} goes on though it was cut. On a worker of the agent. */
    void tellLeak(Call call, long id, LeakWatch.Place place) {
        Thread.State state = place.state();
        Signal.Leak leak = new Signal.Leak(
                subject,
                DecisionIds.text(id),
                elapsed(call),
                place.site(),
                place.thread(),
                state == null ? null : state.name(),
                place.waitsFor(),
                place.stackText());
        if (call.attachment() instanceof Trace trace) {
            telling.tell(trace, leak);
        } else {
            telling.accept(leak);
        }
    }

    /** The drain is over and {@code call} is not. */
    static void drain(Call call) {
        if (call.guard() instanceof TargetGuard guard && !call.isSettled()) {
            long id = guard.telling.newId();
            Cause.Drain drain = guard.machinery.inFlight().drain();
            long elapsed = guard.elapsed(call);
            String message = Messages.drained(guard.subject, id, elapsed, traceId(call), drain);
            Signal.Origin origin = drain == null ? null : drain.origin();
            guard.cut(call, new Cut(Refusal.saying(message, Reason.DRAINING, 0, null), id, origin));
        }
    }

    /** Whether it is the first of those that would cut it. */
    private boolean cut(Call call, Cut cut) {
        boolean isFirst = call.tryCut(cut);
        if (isFirst) {
            machinery.canceller().cancel(call, cut);
        }
        return isFirst;
    }

    /** The call was collected before it ended: nothing is known of the target. */
    void settleAbandoned(long permit, @Nullable Object trace, int noted, long placed, long now) {
        if (limits != null && noted == Limits.PLACED) {
            limits.leave(placed, Outcome.IGNORED, now);
        }
        settlePermit(permit, Outcome.IGNORED, now);
        telling.news((Trace) trace);
        telling.close((Trace) trace, null);
    }

    /** One trace for all attempts of a call. */
    private @Nullable Trace open(Call call) {
        return call.follows() instanceof Attempts before ? before.begin() : telling.open();
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), field, VarHandle.class, TargetGuard.class, type);
    }
}
