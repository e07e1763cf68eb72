package dev.resilience.agent.jfr;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Subject;
import dev.resilience.instrumentation.api.Reason;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** The one class that links to the flight recorder. Its events load, and are known there, with the first recording. */
final class Flight {

    /** Whether anybody records an event of ours. */
    static boolean isRecorded() {
        return FlightRecorder.isInitialized() && Types.isAnyEnabled();
    }

    static void write(Signal signal, @Nullable String traceId) {
        if (signal instanceof Signal.Decision decision) {
            if (!decision.isPlain() && Types.DECISION.isEnabled()) {
                new DecisionEvent(decision, traceId).commit();
            }
        } else if (signal instanceof Signal.Transition transition) {
            if (Types.TRANSITION.isEnabled()) {
                new TransitionEvent(transition, traceId).commit();
            }
        } else if (signal instanceof Signal.Retry retry) {
            if (Types.RETRY.isEnabled()) {
                new RetryEvent(retry, traceId).commit();
            }
        } else if (signal instanceof Signal.Leak leak && Types.LEAK.isEnabled()) {
            new LeakEvent(leak, traceId).commit();
        }
    }

    /** Loads the events. */
    private static final class Types {
        static final EventType DECISION = EventType.getEventType(DecisionEvent.class);
        static final EventType TRANSITION = EventType.getEventType(TransitionEvent.class);
        static final EventType LEAK = EventType.getEventType(LeakEvent.class);
        static final EventType RETRY = EventType.getEventType(RetryEvent.class);

        static boolean isAnyEnabled() {
            return DECISION.isEnabled() || TRANSITION.isEnabled() || LEAK.isEnabled() || RETRY.isEnabled();
        }
    }

    /** What is said of every signal. Of a superclass the recorder sees no private fields. */
    @Category("Resilience")
    @StackTrace(false)
    @SuppressWarnings("unused") // the recorder reads the fields
    abstract static class OfTarget extends Event {
        @Label("Policy")
        final String policy;

        @Label("Target")
        final String target;

        @Label("Mode")
        final String mode;

        @Label("Decision Id")
        final @Nullable String decisionId;

        @Label("Trace Id")
        @Description("Of the span that was current")
        final @Nullable String traceId;

        OfTarget(Subject subject, @Nullable String decisionId, @Nullable String traceId) {
            this.policy = subject.policy();
            this.target = subject.target();
            this.mode = subject.mode();
            this.decisionId = decisionId;
            this.traceId = traceId;
        }
    }

    /** Whatever is not a plain admission. */
    @Name("resilience.Decision")
    @Label("Decision")
    @Description("What was decided on a call, unless it was just admitted")
    @Category("Resilience")
    @StackTrace(false)
    @SuppressWarnings("unused") // as above
    static final class DecisionEvent extends OfTarget {
        @Label("Decision")
        private final String decision;

        @Label("Reason")
        private final @Nullable String reason;

        @Label("Cause Code")
        @Description(
                "100 timeout, 101 rate limit, 102 circuit open, 103 concurrency, 104 draining, 105 revoked; else 0")
        private final int causeCode;

        @Label("Circuit Breaker State")
        private final String state;

        @Label("Layer")
        private final @Nullable String layer;

        @Label("Counts")
        private final @Nullable String counts;

        @Label("Elapsed")
        @Description("Since a call began that was cut; for a refusal, how long it waited")
        @Timespan(Timespan.NANOSECONDS)
        private final long elapsed;

        @Label("Followed From")
        private final @Nullable String followedFrom;

        @Label("Followed From Id")
        private final @Nullable String followedFromId;

        @Label("Followed From Time")
        private final @Nullable String followedFromTime;

        @Label("Followed From Why")
        private final @Nullable String followedFromWhy;

        @Label("Original Error Type")
        private final @Nullable String originalErrorType;

        DecisionEvent(Signal.Decision told, @Nullable String traceId) {
            super(told.subject(), told.id(), traceId);
            Reason why = told.reason();
            Signal.Origin origin = told.origin();
            this.decision = told.verdict().text();
            this.reason = why == null ? null : why.text();
            this.causeCode = why == null ? 0 : why.code();
            this.state = told.state().name();
            this.layer = told.layer();
            this.counts = told.counts();
            this.elapsed = told.elapsedNanos();
            this.followedFrom = origin == null ? null : origin.what();
            this.followedFromId = origin == null ? null : origin.id();
            this.followedFromTime = origin == null ? null : origin.time();
            this.followedFromWhy = origin == null ? null : origin.why();
            this.originalErrorType = told.original();
        }
    }

    /** A breaker changed its state. */
    @Name("resilience.Transition")
    @Label("Transition")
    @Description("A circuit breaker changed its state")
    @Category("Resilience")
    @StackTrace(false)
    @SuppressWarnings("unused") // as above
    static final class TransitionEvent extends OfTarget {
        @Label("Previous State")
        private final String previousState;

        @Label("State")
        private final String state;

        @Label("Counts")
        private final String counts;

        @Label("Followed From Id")
        private final @Nullable String followedFromId;

        TransitionEvent(Signal.Transition told, @Nullable String traceId) {
            super(told.subject(), told.id(), traceId);
            this.previousState = told.from().name();
            this.state = told.to().name();
            this.counts = told.counts();
            this.followedFromId = told.followedFrom();
        }
    }

    /** A call that failed is made again, or is not. */
    @Name("resilience.Retry")
    @Label("Retry")
    @Description("A call that failed is made again, or is not although its policy makes calls again")
    @Category("Resilience")
    @StackTrace(false)
    @SuppressWarnings("unused") // as above
    static final class RetryEvent extends OfTarget {
        @Label("Attempts")
        @Description("How many were made")
        private final int attempts;

        @Label("By")
        @Description("agent, or application for one that came again by itself")
        private final String by;

        @Label("Reason")
        @Description("again, or why not")
        private final String reason;

        @Label("Ending")
        @Description("How the attempt ended")
        private final String ending;

        @Label("Wait")
        @Description("Until it is made again")
        @Timespan(Timespan.NANOSECONDS)
        private final long wait;

        @Label("Budget")
        @Description("What is left of it, in retries")
        private final double budget;

        RetryEvent(Signal.Retry told, @Nullable String traceId) {
            super(told.subject(), null, traceId);
            this.attempts = told.attempts();
            this.by = told.by();
            this.reason = told.reason();
            this.ending = told.ending();
            this.wait = told.waitNanos();
            this.budget = told.budget();
        }
    }

    /** Work goes on although its call was cut. */
    @Name("resilience.Leak")
    @Label("Leak")
    @Description("Work went on after its deadline's cancel")
    @Category("Resilience")
    @StackTrace(false)
    @SuppressWarnings("unused") // as above
    static final class LeakEvent extends OfTarget {
        @Label("Elapsed")
        @Timespan(Timespan.NANOSECONDS)
        private final long elapsed;

        @Label("Site")
        private final String site;

        @Label("Thread")
        @Description("The thread that works")
        private final @Nullable String worker;

        @Label("Thread State")
        private final @Nullable String workerState;

        @Label("Waits For")
        private final @Nullable String waitsFor;

        @Label("Stack")
        @Description("Of the thread that works")
        private final String stack;

        LeakEvent(Signal.Leak told, @Nullable String traceId) {
            super(told.subject(), told.id(), traceId);
            this.elapsed = told.elapsedNanos();
            this.site = told.site();
            this.worker = told.thread();
            this.workerState = told.state();
            this.waitsFor = told.waitsFor();
            this.stack = told.stack();
        }
    }

    private Flight() {}
}
