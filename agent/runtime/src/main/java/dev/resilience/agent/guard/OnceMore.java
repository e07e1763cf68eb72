package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Trace;
import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.StaticAnswer;
import org.jspecify.annotations.Nullable;

/**
 * The target itself stands in for a failed call, by a next attempt; where that cannot begin, the chain. The trace of the
 * call is the next attempt's from when that is decided on.
 */
final class OnceMore implements Fallback {
    private final Attempts next;
    private final FallbackChain chain;
    private final Telling telling;
    private final Call call;
    private final @Nullable Trace trace;
    private final long id;
    private final Ending ending;
    private final long now;

    OnceMore(
            Attempts next,
            FallbackChain chain,
            Telling telling,
            Call call,
            @Nullable Trace trace,
            long id,
            Ending ending,
            long now) {
        this.next = next;
        this.chain = chain;
        this.telling = telling;
        this.call = call;
        this.trace = trace;
        this.id = id;
        this.ending = ending;
        this.now = now;
    }

    @Override
    public Again again() {
        return next;
    }

    @Override
    public @Nullable StaticAnswer answer() {
        return null;
    }

    @Override
    public @Nullable Alternate alternate() {
        return null;
    }

    @Override
    public void served() {
        if (!next.isBegun()) {
            telling.close(trace, null);
        }
    }

    @Override
    public @Nullable Fallback failed(Throwable cause) {
        return next.isBegun() ? null : chain.begin(call, trace, id, null, ending, now);
    }

    @Override
    public void tooLate(Throwable cause) {
        if (!next.isBegun()) {
            telling.close(trace, ending.thrown());
        }
    }
}
