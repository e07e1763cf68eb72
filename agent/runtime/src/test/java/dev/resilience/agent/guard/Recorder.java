package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Writes down every signal; opens traces only while told to. */
final class Recorder implements Sink {
    final List<Signal> signals = new CopyOnWriteArrayList<>();
    final List<Signal> ofNoCall = new CopyOnWriteArrayList<>();
    final List<String> closed = new CopyOnWriteArrayList<>();
    boolean tracing = true;

    @Nullable
    String traceId;

    @Override
    public @Nullable Trace open(Subject subject) {
        if (!tracing) {
            return null;
        }
        return new Trace() {
            @Override
            public void accept(Signal signal) {
                signals.add(signal);
            }

            @Override
            public @Nullable String traceId() {
                return traceId;
            }

            @Override
            public void close(@Nullable Throwable thrown) {
                closed.add(thrown == null ? "answer" : thrown.getClass().getSimpleName());
            }
        };
    }

    @Override
    public void accept(Signal signal) {
        ofNoCall.add(signal);
    }

    List<Signal.Verdict> verdicts() {
        return signals.stream()
                .filter(Signal.Decision.class::isInstance)
                .map(signal -> ((Signal.Decision) signal).verdict())
                .toList();
    }

    Signal.Decision lastDecision() {
        return signals.stream()
                .filter(Signal.Decision.class::isInstance)
                .map(Signal.Decision.class::cast)
                .reduce((first, second) -> second)
                .orElseThrow();
    }
}
