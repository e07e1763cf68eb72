package dev.resilience.agent.guard;

import dev.resilience.agent.policy.FailureRule;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Layer;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.Stall;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
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

    private static final VarHandle USE = handle("use", int.class);
    private static final VarHandle LOST = handle("lost", LongAdder.class);

    private final Seat seat;
    private final Subject subject;
    private final FailureRule failures;
    private final boolean refuses;
    private final long deadlineNanos;
    private final @Nullable StaticAnswer answer;
    private final @Nullable Circuit circuit;
    private final @Nullable Limits limits;
    private final Machinery machinery;
    /** Whether a call may go untimed: there is no deadline, and no limit but the circuit's learns from latencies. */
    private final boolean samples;

    /** What is told of nearly every call, made when it is first told. */
    private Signal.@Nullable Decision plainAdmission;

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
            Policy policy,
            FailureRule failures,
            @Nullable StaticAnswer answer,
            @Nullable Circuit circuit,
            @Nullable Limits limits,
            Machinery machinery) {
        Duration deadline = policy.deadline();
        this.seat = seat;
        this.subject = subject;
        this.failures = failures;
        this.refuses = policy.mode() == Mode.ENFORCE;
        this.deadlineNanos = deadline == null ? 0 : deadline.toNanos();
        this.answer = policy.mode() == Mode.OBSERVE ? null : answer;
        this.circuit = circuit;
        this.limits = limits;
        this.machinery = machinery;
        this.samples = deadline == null && (limits == null || !limits.adapts());
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
        return refuses || answer != null;
    }

    @Override
    public long deadlineNanos() {
        return refuses ? deadlineNanos : 0;
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
            return decide(call, open(), asked, asked);
        } catch (Throwable fault) {
            machinery.faults().report("guard/tryAcquire", fault);
            if (!call.isAdmitted()) {
                leave(call);
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
    public @Nullable Fallback settleExpired(Call call, @Nullable Throwable thrown) {
        try {
            Guard own = call.guard();
            if (own != this && own != null) {
                return own.settleExpired(call, thrown);
            }
            return call.trySettle() ? conclude(call, Ending.failed(Ending.TIMEOUT, thrown), true) : null;
        } catch (Throwable fault) {
            machinery.faults().report("guard/settleExpired", fault);
            leave(call);
            return null;
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
            return refuse(call, trace, Reason.DRAINING, null, 0, 0, now);
        }
        long permit = Breaker.REFUSED;
        if (circuit != null) {
            permit = call.isUntimed() ? circuit.tryAcquireUntimed() : circuit.tryAcquire(call.isLimited(), now);
            tellNews(trace);
            if (Breaker.isRefusal(permit)) {
                Reason denied = permit == Breaker.LIMITED ? Reason.CONCURRENCY_LIMIT : Reason.CIRCUIT_OPEN;
                long refused = exact(call, now);
                return mayRefuse(refused)
                        ? refuse(
                                call,
                                trace,
                                denied,
                                circuit.cause(),
                                circuit.tally(),
                                circuit.retryAfterNanos(refused),
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
            boolean placed = limits.awaitsPlace(call, deadlineNanos);
            refused = machinery.nanoClock().getAsLong();
            if (placed || !machinery.inFlight().mayBegin(call)) {
                return decide(call, trace, asked, refused);
            }
        }
        return refuse(call, trace, denied, null, limits.tally(), limits.retryAfterNanos(denied, refused), refused);
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
        call.admitted(permit, now);
        if (refuses && !machinery.inFlight().begin(call)) {
            call.trySettle();
            settlePermit(permit, Outcome.IGNORED, now);
            return refuse(call, trace, Reason.DRAINING, null, 0, 0, now);
        }
        if (!refuses && call.limits() == Limits.PLACED) {
            machinery.limits().observed().begin(call);
        }
        if (trace != null) {
            tellAdmission(trace, denied, now);
        }
        if (deadlineNanos() != 0 && call.timedByGuard()) {
            call.timer(machinery.timer().arm(call, asked, deadlineNanos));
        }
        return null;
    }

    private void tellAdmission(Trace trace, @Nullable Reason denied, long now) {
        if (denied != null) {
            tell(trace, decision(Verdict.WOULD_REJECT, denied, newId(), counts(denied), null, now));
        } else if (circuit != null && circuit.isSpared()) {
            tell(trace, decision(Verdict.ADMITTED, null, newId(), circuit.counts(), null, now));
        } else {
            tell(trace, admission(state(), now));
        }
    }

    private Signal.Decision admission(BreakerState state, long now) {
        Signal.Decision plain = plainAdmission;
        Stall stall = stall(now);
        boolean isPlain = state == BreakerState.CLOSED && stall == null;
        if (isPlain && plain != null) {
            return plain;
        }
        Signal.Decision told =
                new Signal.Decision(subject, Verdict.ADMITTED, null, state, null, null, null, null, stall);
        if (isPlain) {
            plainAdmission = told;
        }
        return told;
    }

    /** The counts that decide now. */
    private @Nullable String counts(Reason denied) {
        if (isOfCircuit(denied)) {
            return circuit == null ? null : circuit.counts();
        }
        return limits == null ? null : limits.counts(denied, limits.tally());
    }

    /** What a refusal says. The application asks, when it reads the exception, so a fault of ours ends here as well. */
    String message(Reason reason, @Nullable String cause, long tally, long retryAfterNanos, long id) {
        try {
            return Messages.refused(reason, subject, counts(reason, cause, tally), retryAfterNanos, id);
        } catch (Throwable fault) {
            machinery.faults().report("guard/message", fault);
            return "resilience: call refused: " + reason.text();
        }
    }

    /** The counts that decided, from what was kept of them; null where it was not counts. */
    private @Nullable String counts(Reason denied, @Nullable String cause, long tally) {
        if (cause != null || denied == Reason.DRAINING) {
            return cause;
        }
        if (isOfCircuit(denied)) {
            return circuit == null ? null : circuit.counts(tally);
        }
        return limits == null ? null : limits.counts(denied, tally);
    }

    private boolean isOfCircuit(Reason denied) {
        return denied == Reason.CIRCUIT_OPEN
                || (denied == Reason.CONCURRENCY_LIMIT && (limits == null || !limits.placesCalls()));
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
            @Nullable String cause,
            long tally,
            long retryAfterNanos,
            long now) {
        leave(call);
        long id = newId();
        boolean isFirst = !hasRefused;
        if (isFirst) {
            hasRefused = true;
        }
        Signal.Decision rejected = null;
        Throwable thrown = null;
        if (trace != null) {
            rejected = decision(Verdict.REJECTED, reason, id, counts(reason, cause, tally), null, now);
            thrown = new CallRefused(message(reason, cause, tally, retryAfterNanos, id));
        }
        Fallback fallback = null;
        if (answer != null) {
            fallback = fallback(answer, trace, id, rejected, thrown, null, now);
        } else if (rejected != null) {
            tell(trace, rejected);
            close(trace, thrown);
        }
        return new Refused(this, reason, cause, tally, retryAfterNanos, id, isFirst, fallback);
    }

    private @Nullable Fallback conclude(Call call, Ending ending, boolean expired) {
        release(call);
        Cut cut = (Cut) call.cut();
        Outcome outcome = expired ? Outcome.FAILURE : failures.classify(ending);
        if (cut != null && outcome != Outcome.SUCCESS) {
            outcome = cut.refusal().reason() == Reason.DRAINING ? Outcome.IGNORED : Outcome.FAILURE;
        }
        boolean isUntimed = call.isUntimed() && outcome == Outcome.SUCCESS;
        long now = isUntimed ? call.startNanos() : machinery.nanoClock().getAsLong();
        leave(call, outcome, now);
        if (isUntimed) {
            settleUntimed(call.permit());
        } else {
            settlePermit(call.permit(), outcome, now);
        }
        Trace trace = (Trace) call.attachment();
        tellNews(trace);
        if (cut != null && outcome == Outcome.IGNORED) {
            tell(trace, decision(Verdict.REJECTED, Reason.DRAINING, cut.id(), null, original(ending), now));
            close(trace, ending.thrown());
            return null;
        }
        if (expired || (cut != null && outcome == Outcome.FAILURE)) {
            long id = cut == null ? newId() : cut.id();
            Signal.Decision timedOut =
                    decision(Verdict.TIMED_OUT, Reason.DEADLINE_EXHAUSTED, id, null, original(ending), now);
            return rescue(trace, id, timedOut, ending, now);
        }
        observe(call, outcome, trace, now);
        if (trace != null) {
            tellStall(call, trace, now);
        }
        if (outcome == Outcome.FAILURE) {
            return rescue(trace, newId(), null, ending, now);
        }
        close(trace, ending.thrown());
        return null;
    }

    /** To the span of a call that was under way when our own process stood still: that it was noticed. */
    private void tellStall(Call call, Trace trace, long now) {
        Stall stall = stall(now);
        if (stall != null
                && call.startNanos() - stall.endNanos() < 0
                && !Breaker.isRefusal(call.permit())
                && state() == BreakerState.CLOSED) {
            tell(trace, admission(BreakerState.CLOSED, now));
        }
    }

    /** In the modes that refuse nobody: what enforcing would have done to this call. */
    private void observe(Call call, Outcome outcome, @Nullable Trace trace, long now) {
        if (refuses) {
            return;
        }
        boolean late = deadlineNanos != 0 && now - call.startNanos() > deadlineNanos;
        if (late && trace != null) {
            tell(trace, decision(Verdict.WOULD_TIME_OUT, Reason.DEADLINE_EXHAUSTED, newId(), null, null, now));
        }
        if ((late || call.limits() == Limits.DENIED) && outcome == Outcome.SUCCESS) {
            countLost();
        }
    }

    private @Nullable Fallback rescue(
            @Nullable Trace trace, long id, Signal.@Nullable Decision decided, Ending ending, long now) {
        if (answer == null) {
            if (decided != null) {
                tell(trace, decided);
            }
            close(trace, ending.thrown());
            return null;
        }
        return fallback(answer, trace, id, decided, ending.thrown(), original(ending), now);
    }

    /** What stands in for a call. A call is one decision: {@code decided} is only told if the answer cannot be given. */
    private Fallback fallback(
            StaticAnswer given,
            @Nullable Trace trace,
            long id,
            Signal.@Nullable Decision decided,
            @Nullable Throwable otherwise,
            @Nullable String original,
            long triggeredNanos) {
        return new StaticFallback(given, failure -> {
            if (trace == null) {
                return;
            }
            long latency = machinery.nanoClock().getAsLong() - triggeredNanos;
            String why = failure == null ? null : failure.toString();
            tell(trace, new Signal.FallbackExecuted(subject, "static", latency, why, original));
            if (failure == null) {
                Reason reason = decided == null ? null : decided.reason();
                String counts = decided == null ? null : decided.counts();
                tell(trace, decision(Verdict.FALLBACK, reason, id, counts, original, triggeredNanos));
            } else if (decided != null) {
                tell(trace, decided);
            }
            close(trace, failure == null ? null : otherwise);
        });
    }

    private void release(Call call) {
        if (call.timer() instanceof DeadlineTimer.Entry armed) {
            machinery.timer().disarm(armed);
            call.timer(null);
        }
        (refuses ? machinery.inFlight() : machinery.limits().observed()).end(call);
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
            long id = guard.newId();
            String message = Messages.expired(guard.subject, guard.deadlineNanos, id);
            guard.cut(call, new Cut(Refusal.saying(message, Reason.DEADLINE_EXHAUSTED, 0, null), id));
        }
    }

    /** The drain is over and {@code call} is not. */
    static void drain(Call call) {
        if (call.guard() instanceof TargetGuard guard && !call.isSettled()) {
            long id = guard.newId();
            String message = Messages.drained(guard.subject, id);
            guard.cut(call, new Cut(Refusal.saying(message, Reason.DRAINING, 0, null), id));
        }
    }

    private void cut(Call call, Cut cut) {
        if (call.tryCut(cut)) {
            machinery.canceller().cancel(call, cut.refusal());
        }
    }

    /** The call was collected before it ended: nothing is known of the target. */
    void settleAbandoned(long permit, @Nullable Object trace, int noted, long placed, long now) {
        if (limits != null && noted == Limits.PLACED) {
            limits.leave(placed, Outcome.IGNORED, now);
        }
        settlePermit(permit, Outcome.IGNORED, now);
        tellNews((Trace) trace);
        close((Trace) trace, null);
    }

    private BreakerState state() {
        return circuit == null ? BreakerState.CLOSED : circuit.state();
    }

    private Signal.Decision decision(
            Verdict verdict,
            @Nullable Reason reason,
            long id,
            @Nullable String counts,
            @Nullable String original,
            long now) {
        Layer layer = circuit == null || reason != Reason.CIRCUIT_OPEN ? null : circuit.layer();
        String refusing = layer == null ? null : layer.text();
        return new Signal.Decision(
                subject, verdict, reason, state(), DecisionIds.text(id), counts, original, refusing, stall(now));
    }

    private @Nullable Stall stall(long now) {
        return circuit == null ? null : circuit.stall(now);
    }

    private static @Nullable String original(Ending ending) {
        Throwable thrown = ending.thrown();
        return thrown == null ? null : thrown.getClass().getName();
    }

    private long newId() {
        return machinery.ids().next();
    }

    private @Nullable Trace open() {
        try {
            return machinery.sink().open(subject);
        } catch (Throwable fault) {
            machinery.faults().report("telemetry/open", fault);
            return null;
        }
    }

    private void tell(@Nullable Trace trace, Signal signal) {
        if (trace != null) {
            try {
                trace.accept(signal);
            } catch (Throwable fault) {
                machinery.faults().report("telemetry/signal", fault);
            }
        }
    }

    private void tellNews(@Nullable Trace trace) {
        if (circuit == null || !circuit.hasNews()) {
            return;
        }
        for (Signal.Transition transition : circuit.news(subject)) {
            if (trace == null) {
                accept(transition);
            } else {
                tell(trace, transition);
            }
        }
    }

    private void accept(Signal signal) {
        try {
            machinery.sink().accept(signal);
        } catch (Throwable fault) {
            machinery.faults().report("telemetry/signal", fault);
        }
    }

    private void close(@Nullable Trace trace, @Nullable Throwable thrown) {
        if (trace != null) {
            try {
                trace.close(thrown);
            } catch (Throwable fault) {
                machinery.faults().report("telemetry/close", fault);
            }
        }
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), field, VarHandle.class, TargetGuard.class, type);
    }
}
