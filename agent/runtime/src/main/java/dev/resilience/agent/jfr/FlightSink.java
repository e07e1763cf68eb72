package dev.resilience.agent.jfr;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.instrumentation.api.Faults;
import org.jspecify.annotations.Nullable;

/** Writes signals to the flight recorder while one records, and hands all of them on. */
public final class FlightSink implements Sink {
    /*
     * Until a recording runs a call costs one read here, and no class of jdk.jfr does more than say that none does: that
     * is asked by look(), once before the first call and with each pulse. While one runs, every call has a trace, so that
     * the guard tells what it decides; a plain admission is not written, and makes nothing.
     */
    private final Sink next;
    private final Faults faults;
    private final Trace untraced = new FlightTrace(null);
    private volatile boolean recording;
    private boolean absent;

    public FlightSink(Sink next, Faults faults) {
        this.next = next;
        this.faults = faults;
    }

    @Override
    public @Nullable Trace open(Subject subject) {
        Trace trace = next.open(subject);
        if (!recording) {
            return trace;
        }
        return trace == null ? untraced : new FlightTrace(trace);
    }

    @Override
    public void look() {
        next.look();
        if (absent) {
            return;
        }
        try {
            recording = Flight.isRecorded();
        } catch (LinkageError trimmed) {
            absent = true; // the JVM has no flight recorder
        }
    }

    @Override
    public void accept(Signal signal) {
        next.accept(signal);
        if (recording) {
            write(signal, null);
        }
    }

    private void write(Signal signal, @Nullable String traceId) {
        try {
            Flight.write(signal, traceId);
        } catch (Throwable fault) {
            faults.report("jfr/signal", fault);
        }
    }

    /** One call, and the trace it has besides. */
    private final class FlightTrace implements Trace {
        private final @Nullable Trace trace;

        FlightTrace(@Nullable Trace trace) {
            this.trace = trace;
        }

        @Override
        public void accept(Signal signal) {
            if (trace != null) {
                trace.accept(signal);
            } else if (signal instanceof Signal.Transition) {
                next.accept(signal);
            }
            write(signal, traceId());
        }

        @Override
        public @Nullable String traceId() {
            return trace == null ? null : trace.traceId();
        }

        @Override
        public @Nullable Trace afterwards() {
            Trace more = trace == null ? null : trace.afterwards();
            return more == null ? null : new FlightTrace(more);
        }

        @Override
        public void close(@Nullable Throwable thrown) {
            if (trace != null) {
                trace.close(thrown);
            }
        }
    }
}
