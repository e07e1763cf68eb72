package dev.resilience.agent.guard;

import dev.resilience.agent.policy.FailureRule;
import dev.resilience.agent.policy.Link;
import dev.resilience.agent.policy.Protocol;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Signal.Verdict;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Reason;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What may stand in for the calls of a guard, link after link. */
final class FallbackChain {
    private final List<Link> links;
    private final Conditions conditions;
    private final FailureRule failures;
    private final @Nullable MessageMemory memory;
    private final Subject subject;
    private final Telling telling;
    private final LongSupplier nanoClock;

    /** @param memory what was kept of calls of gRPC; null if this is none, or nothing is kept */
    FallbackChain(
            List<Link> links,
            Protocol protocol,
            FailureRule failures,
            @Nullable MessageMemory memory,
            Subject subject,
            Telling telling,
            Machinery machinery) {
        this.links = links;
        this.conditions = new Conditions(links, protocol, machinery.faults());
        this.failures = failures;
        this.memory = memory;
        this.subject = subject;
        this.telling = telling;
        this.nanoClock = machinery.nanoClock();
    }

    boolean isEmpty() {
        return links.isEmpty();
    }

    /** What stands in for a call that ended: see the other. */
    @Nullable
    Fallback begin(
            Call call, @Nullable Trace trace, long id, Signal.@Nullable Decision decided, Ending ending, long now) {
        return begin(call, trace, id, decided, ending.thrown(), Telling.original(ending), call.startNanos(), now);
    }

    /**
     * What stands in for a call; null if nothing of the chain is for such calls, and then its trace is closed. A call is
     * one decision: {@code decided} is only told if nothing of the chain is given.
     */
    @Nullable
    Fallback begin(
            Call call,
            @Nullable Trace trace,
            long id,
            Signal.@Nullable Decision decided,
            @Nullable Throwable otherwise,
            @Nullable String original,
            long startNanos,
            long triggeredNanos) {
        if (isEmpty()) {
            end(trace, decided, otherwise);
            return null;
        }
        long asked = nanoClock.getAsLong();
        long left = call.leftToCallerNanos(asked - startNanos);
        LinkFallback.Told told = new LinkFallback.Told() {
            @Override
            public void served(Link link, long ageMillis) {
                if (trace != null) {
                    tellLink(link, null, ageMillis);
                    Reason reason = decided == null ? null : decided.reason();
                    String counts = decided == null ? null : decided.counts();
                    Signal.Origin origin = decided == null ? null : decided.origin();
                    long elapsed = decided == null ? 0 : decided.elapsedNanos();
                    telling.tell(
                            trace,
                            telling.decision(
                                    Verdict.FALLBACK, reason, id, counts, original, origin, elapsed, triggeredNanos));
                    telling.close(trace, null);
                }
            }

            @Override
            public void failed(Link link, Throwable cause) {
                if (trace != null) {
                    tellLink(link, cause.toString(), -1);
                }
            }

            @Override
            public void passedOver(Link link, String why) {
                telling.tell(trace, new Signal.FallbackExecuted(subject, link.type(), 0, why, original));
            }

            @Override
            public void ended() {
                end(trace, decided, otherwise);
            }

            @Override
            public long leftNanos() {
                return left == Long.MAX_VALUE ? left : left - (nanoClock.getAsLong() - asked);
            }

            private void tellLink(Link link, @Nullable String failure, long ageMillis) {
                long latency = nanoClock.getAsLong() - triggeredNanos;
                telling.tell(
                        trace,
                        new Signal.FallbackExecuted(subject, link.type(), latency, failure, original, ageMillis));
            }
        };
        Fallback first = LinkFallback.of(conditions.of(call, told::passedOver), failures, memory, told);
        if (first == null) {
            told.ended();
        }
        return first;
    }

    private void end(@Nullable Trace trace, Signal.@Nullable Decision decided, @Nullable Throwable otherwise) {
        if (decided != null) {
            telling.tell(trace, decided);
        }
        telling.close(trace, otherwise);
    }
}
