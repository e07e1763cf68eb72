package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.RetryDecision;
import dev.resilience.engine.RetryReason;
import dev.resilience.instrumentation.api.Attempt;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import org.jspecify.annotations.Nullable;

/** What becomes of the calls of a guard that ended, where its policy has failed ones made again. */
final class GuardRetries {
    private final Retrying retrying;
    private final boolean refuses;
    private final boolean repeats;
    private final boolean isDeadlineAdaptive;
    private final Subject subject;
    private final @Nullable Circuit circuit;
    private final Telling telling;
    private final Machinery machinery;

    /**
     * @param refuses whether the guard does
     * @param repeats whether what is decided is done
     * @param isDeadlineAdaptive whether its deadline is for the head of an answer
     */
    GuardRetries(
            Retrying retrying,
            boolean refuses,
            boolean repeats,
            boolean isDeadlineAdaptive,
            Subject subject,
            @Nullable Circuit circuit,
            Telling telling,
            Machinery machinery) {
        this.retrying = retrying;
        this.refuses = refuses;
        this.repeats = repeats;
        this.isDeadlineAdaptive = isDeadlineAdaptive;
        this.subject = subject;
        this.circuit = circuit;
        this.telling = telling;
        this.machinery = machinery;
    }

    /**
     * The next attempt of a call that ended; null if there is none. A fault of ours leaves it as it is.
     *
     * @param isOver whether it was cut for all of its attempts, by its deadline or a drain
     * @param deadlineNanos the guard's own, for all of them; 0 without one
     */
    @Nullable
    Attempts after(
            Call call,
            Outcome outcome,
            boolean isOver,
            Ending ending,
            @Nullable Trace trace,
            long deadlineNanos,
            long now) {
        try {
            boolean failed = outcome == Outcome.FAILURE;
            long begun = call.startNanos();
            long hash = failed || retrying.isWatching(begun) ? call.requestHash() : 0;
            Attempts before = call.follows() instanceof Attempts attempts ? attempts : null;
            if (before == null && call.isLimited() && retrying.isRepeated(hash, begun)) {
                tell(trace, 1, Signal.Retry.APPLICATION, RetryReason.AGAIN, ending, 0);
            }
            if (outcome == Outcome.SUCCESS && call.hasDeadline()) {
                retrying.succeeded(now - begun);
            }
            Attempts next = failed && !isOver && repeats ? next(call, before, ending, trace, deadlineNanos, now) : null;
            if (failed && next == null) {
                retrying.failed(hash, now);
            }
            return next;
        } catch (Throwable fault) {
            machinery.faults().report("guard/again", fault);
            return null;
        }
    }

    /** What its body took is none of an adaptive deadline. */
    private long left(Call first, long deadlineNanos, long now) {
        long answered = isDeadlineAdaptive ? first.answeredNanos() : 0;
        return deadlineNanos == 0
                ? Long.MAX_VALUE
                : deadlineNanos - ((answered == 0 ? now : answered) - first.startNanos());
    }

    private @Nullable Attempts next(
            Call call, @Nullable Attempts before, Ending ending, @Nullable Trace trace, long deadlineNanos, long now) {
        Attempt attempt = call.attempt();
        if (attempt == null) {
            return null;
        }
        int made = before == null ? 1 : before.made() + 1;
        if (refuses && circuit != null && circuit.state() == BreakerState.OPEN) {
            tell(trace, made, Signal.Retry.AGENT, RetryReason.OWN_REFUSAL, ending, 0);
            return null;
        }
        long ours = before == null ? left(call, deadlineNanos, now) : before.leftNanos(now);
        long left = Math.min(ours, attempt.leftNanos());
        String token = ending.token();
        boolean isTimeout = token.equals(Ending.TIMEOUT) || token.equals("DEADLINE_EXCEEDED");
        long decided = retrying.decide(attempt, made, isTimeout, left, circuit != null && circuit.hasRoom(), now);
        RetryReason reason = RetryDecision.reason(decided);
        tell(trace, made, Signal.Retry.AGENT, reason, ending, Math.max(0, decided));
        return reason == RetryReason.AGAIN
                ? new Attempts(machinery.nanoClock(), made, Attempts.begunNanos(call), left, decided, trace, now)
                : null;
    }

    private void tell(@Nullable Trace trace, int made, String by, RetryReason reason, Ending ending, long waitNanos) {
        if (trace != null) {
            double left = retrying.budget().balance() / 1e6;
            telling.tell(trace, new Signal.Retry(subject, made, by, reason.text(), ending.token(), waitNanos, left));
        }
    }
}
