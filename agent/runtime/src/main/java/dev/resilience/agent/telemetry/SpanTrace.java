package dev.resilience.agent.telemetry;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Trace;
import dev.resilience.instrumentation.api.Reason;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One call on one span. */
final class SpanTrace implements Trace {
    private final OpenTelemetrySink sink;
    private final LiveSpan span;
    private volatile @Nullable String cutFor;
    private volatile boolean rescued;

    SpanTrace(OpenTelemetrySink sink, LiveSpan span) {
        this.sink = sink;
        this.span = span;
    }

    @Override
    public void accept(Signal signal) {
        try {
            if (signal instanceof Signal.Decision decision) {
                decided(decision);
            } else if (signal instanceof Signal.FallbackExecuted fallback) {
                if (fallback.failure() == null) {
                    rescued = true;
                }
                if (!fallback.isPassedOver()) {
                    span.set(Facts.of(fallback));
                }
                sink.write(span, Facts.FALLBACK, Facts.eventOf(fallback));
            } else if (signal instanceof Signal.Transition transition) {
                sink.write(span, Facts.nameOf(transition), Facts.of(transition));
            } else if (signal instanceof Signal.Retry retry) {
                Map<String, Object> facts = Facts.of(retry);
                span.set(facts);
                sink.write(span, Facts.RETRY, facts);
            } else if (signal instanceof Signal.Leak leak) {
                sink.write(span, Facts.LEAK, Facts.of(leak));
            }
        } catch (Throwable fault) {
            sink.report("telemetry/signal", fault);
        }
    }

    @Override
    public @Nullable String traceId() {
        try {
            return span.traceId();
        } catch (Throwable fault) {
            sink.report("telemetry/trace-id", fault);
            return null;
        }
    }

    /** A span of ours is sent when its call is over, and needs another; whether one of others has ended is known to its maker. */
    @Override
    public Trace afterwards() {
        return span instanceof OwnSpan own ? new SpanTrace(sink, own.another()) : this;
    }

    private void decided(Signal.Decision decision) {
        if (decision.isPlain()) {
            if (!sink.isMarked(span)) {
                span.set(Facts.of(decision));
            }
            return;
        }
        sink.mark(span);
        Reason reason = decision.reason();
        if (Facts.cuts(decision.verdict())) {
            cutFor = reason == null ? decision.verdict().text() : reason.text();
        } else if (decision.verdict() == Signal.Verdict.FALLBACK) {
            rescued = true;
        }
        Map<String, Object> facts = Facts.of(decision);
        span.set(facts);
        sink.write(span, Facts.DECISION, facts);
    }

    @Override
    public void close(@Nullable Throwable thrown) {
        if (!(span instanceof OwnSpan own)) {
            return; // whoever made the span says how it ended
        }
        try {
            String error = null;
            if (!rescued) {
                error = cutFor;
                if (thrown != null) {
                    own.set(Map.of("error.type", thrown.getClass().getName()));
                    error = error == null ? "" : error;
                }
            }
            own.end(error);
            sink.send(own);
        } catch (Throwable fault) {
            sink.report("telemetry/close", fault);
        }
    }
}
