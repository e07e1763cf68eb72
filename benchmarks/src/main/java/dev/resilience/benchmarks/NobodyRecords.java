package dev.resilience.benchmarks;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import org.jspecify.annotations.Nullable;

/** No telemetry: what is measured is the guard. */
final class NobodyRecords implements Sink {
    @Override
    public @Nullable Trace open(Subject subject) {
        return null;
    }

    @Override
    public void accept(Signal signal) {}
}
