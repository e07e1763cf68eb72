package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import org.jspecify.annotations.Nullable;

/** A call that its guard refused: what the guard knew then, written down when somebody reads it. */
final class Refused extends Refusal {
    /**
     * One in so many has a stack trace. Taking one costs 1 us and 1 KB at a depth of 20 frames, ten times that below an
     * application server: in the mean of so many that is 10 ns and 10 bytes at most, and a target that is refused as often
     * as that matters still shows where from, several times a second.
     */
    private static final long STACK_TRACES = 1 << 10;

    private final Telling telling;
    private final @Nullable Cause cause;
    private final long tally;
    private final long id;
    private final boolean isFirst;

    /** {@code tally} stands for the counts that decided, unless {@code cause} has them as text already. */
    Refused(
            Telling telling,
            Reason reason,
            @Nullable Cause cause,
            long tally,
            long retryAfterNanos,
            long id,
            boolean isFirst,
            @Nullable Fallback fallback) {
        super(reason, retryAfterNanos, fallback);
        this.telling = telling;
        this.cause = cause;
        this.tally = tally;
        this.id = id;
        this.isFirst = isFirst;
    }

    @Override
    public String message() {
        return telling.message(reason(), cause, tally, retryAfterNanos(), id);
    }

    /** Ids are scattered, so that no rhythm of the calls picks those of one place. */
    @Override
    public boolean showsStackTrace() {
        return isFirst || (id & (STACK_TRACES - 1)) == 0;
    }
}
