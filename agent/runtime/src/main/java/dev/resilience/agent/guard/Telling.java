package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Layer;
import dev.resilience.engine.Stall;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Reason;
import org.jspecify.annotations.Nullable;

/** What a guard tells of its calls, of each to its span, and of its circuit. A fault there is ours, and changes nothing. */
final class Telling {
    private final Subject subject;
    private final @Nullable Circuit circuit;
    private final @Nullable Limits limits;
    private final Machinery machinery;

    /** What is told of nearly every call, made when it is first told. */
    private Signal.@Nullable Decision plainAdmission;

    Telling(Subject subject, @Nullable Circuit circuit, @Nullable Limits limits, Machinery machinery) {
        this.subject = subject;
        this.circuit = circuit;
        this.limits = limits;
        this.machinery = machinery;
    }

    void admitted(Trace trace, @Nullable Reason denied, long now) {
        if (denied != null) {
            Cause cause = denied == Reason.CIRCUIT_OPEN && circuit != null ? circuit.cause() : null;
            Signal.Origin origin = cause == null ? null : cause.origin();
            tell(trace, decision(Verdict.WOULD_REJECT, denied, newId(), counts(denied), null, origin, 0, now));
        } else if (circuit != null && circuit.isSpared()) {
            tell(trace, decision(Verdict.ADMITTED, null, newId(), circuit.counts(), null, null, 0, now));
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
    String message(Reason reason, @Nullable Cause cause, long tally, long retryAfterNanos, long id) {
        try {
            return Messages.refused(reason, subject, counts(reason, cause, tally), retryAfterNanos, id, cause);
        } catch (Throwable fault) {
            machinery.faults().report("guard/message", fault);
            return "resilience: call refused: " + reason.text();
        }
    }

    /** The counts that decided, from what was kept of them; null where it was not counts. */
    @Nullable
    String counts(Reason denied, @Nullable Cause cause, long tally) {
        String kept = cause == null ? null : cause.counts();
        if (kept != null || denied == Reason.DRAINING) {
            return kept;
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

    /** How long our own process stood still while the call was under way, as far as that was noticed. */
    long stalledNanos(Call call, long now) {
        Stall stall = stall(now);
        return stall == null ? 0 : Math.max(0, Math.min(stall.nanos(), stall.endNanos() - call.startNanos()));
    }

    /** To the span of a call that was under way when our own process stood still: that it was noticed. */
    void stalled(Call call, Trace trace, long now) {
        if (stalledNanos(call, now) > 0 && !Breaker.isRefusal(call.permit()) && state() == BreakerState.CLOSED) {
            tell(trace, admission(BreakerState.CLOSED, now));
        }
    }

    /** That a deadline ended this call which is not ours: nothing was decided. */
    void inherited(Call call, Trace trace, Ending ending, long now) {
        if (call.inheritsDeadline()) {
            Signal.Origin origin = new Signal.Origin("inherited_deadline", null, null, null);
            long elapsed = now - call.startNanos();
            tell(trace, decision(Verdict.ADMITTED, null, newId(), null, original(ending), origin, elapsed, now));
        }
    }

    BreakerState state() {
        return circuit == null ? BreakerState.CLOSED : circuit.state();
    }

    Signal.Decision decision(
            Verdict verdict,
            @Nullable Reason reason,
            long id,
            @Nullable String counts,
            @Nullable String original,
            Signal.@Nullable Origin origin,
            long elapsedNanos,
            long now) {
        Layer layer = circuit == null || reason != Reason.CIRCUIT_OPEN ? null : circuit.layer();
        String refusing = layer == null ? null : layer.text();
        return new Signal.Decision(
                subject,
                verdict,
                reason,
                state(),
                DecisionIds.text(id),
                counts,
                original,
                refusing,
                stall(now),
                origin,
                elapsedNanos);
    }

    private @Nullable Stall stall(long now) {
        return circuit == null ? null : circuit.stall(now);
    }

    static @Nullable String original(Ending ending) {
        Throwable thrown = ending.thrown();
        return thrown == null ? null : thrown.getClass().getName();
    }

    long newId() {
        return machinery.ids().next();
    }

    @Nullable
    Trace open() {
        try {
            return machinery.sink().open(subject);
        } catch (Throwable fault) {
            machinery.faults().report("telemetry/open", fault);
            return null;
        }
    }

    void tell(@Nullable Trace trace, Signal signal) {
        if (trace != null) {
            try {
                trace.accept(signal);
            } catch (Throwable fault) {
                machinery.faults().report("telemetry/signal", fault);
            }
        }
    }

    void news(@Nullable Trace trace) {
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

    void accept(Signal signal) {
        try {
            machinery.sink().accept(signal);
        } catch (Throwable fault) {
            machinery.faults().report("telemetry/signal", fault);
        }
    }

    void close(@Nullable Trace trace, @Nullable Throwable thrown) {
        if (trace != null) {
            try {
                trace.close(thrown);
            } catch (Throwable fault) {
                machinery.faults().report("telemetry/close", fault);
            }
        }
    }
}
