package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A static answer on its way to one caller; the first of served and failed is told. */
final class StaticFallback implements Fallback {

    /** What became of it. */
    interface Told {
        void fallback(@Nullable Throwable failure);
    }

    private final StaticAnswer answer;
    private final Told told;
    private final AtomicBoolean over = new AtomicBoolean();

    StaticFallback(StaticAnswer answer, Told told) {
        this.answer = answer;
        this.told = told;
    }

    @Override
    public StaticAnswer answer() {
        return answer;
    }

    @Override
    public void served() {
        if (over.compareAndSet(false, true)) {
            told.fallback(null);
        }
    }

    @Override
    public void failed(Throwable cause) {
        if (over.compareAndSet(false, true)) {
            told.fallback(cause);
        }
    }
}
