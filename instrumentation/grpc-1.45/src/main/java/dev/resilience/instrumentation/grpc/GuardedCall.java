package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A call of gRPC that a guard decides on when it starts; in all else it is the call it wraps. */
final class GuardedCall<ReqT, RespT> extends ForwardingClientCall<ReqT, RespT> {
    /*
     * start() is called once, by one thread, before anything but cancel(); so a call that is created and dropped, or
     * cancelled before it starts, never holds a permit. From then on request() and cancel() may come from any thread,
     * callbacks from gRPC one after the other, and stop() from the agent:
     *
     * - `delegate` is what the caller talks to. It changes at most once: to an AnsweredCall, which then gives the
     *   callbacks. request() writes `demanded` before it reads `delegate`, onClose() the other way round: a demand that
     *   meets the change is seen by one of the two, and the answer is given once.
     * - stop() may come while start() is still on its way into gRPC, where an early cancel would make start() throw. So
     *   stop() writes `stoppedBy` and then reads `running`, start() the other way round: one of the two cancels.
     *
     * gRPC and the application call the methods of ClientCall and its listener, and nobody of ours stands above them: in
     * those every step of ours is caught, and what was to be passed on is passed on as it came.
     */
    private static final Metadata.Key<String> RETRY_PUSHBACK =
            Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

    /** Further up no stub is looked for: between it and a call's start are its interceptors alone. */
    private static final int FRAMES = 100;

    private final Plan plan;
    private final Faults faults;
    private final Permit permit = new Permit();
    private volatile ClientCall<ReqT, RespT> delegate;
    private boolean started;
    private @Nullable Deadline deadline;
    private volatile boolean running;
    private volatile boolean cancelled;
    private volatile boolean demanded;
    private volatile @Nullable Refusal stoppedBy;

    GuardedCall(ClientCall<ReqT, RespT> delegate, Plan plan) {
        this.delegate = delegate;
        this.plan = plan;
        this.faults = plan.faults();
        this.deadline = plan.deadline();
    }

    @Override
    protected ClientCall<ReqT, RespT> delegate() {
        return delegate;
    }

    @Override
    public void start(Listener<RespT> listener, Metadata headers) {
        if (started || cancelled) {
            delegate.start(listener, headers); // gRPC says what is wrong with that
            return;
        }
        started = true;
        try {
            if (isRefused(listener)) {
                return;
            }
        } catch (Throwable fault) {
            faults.report("grpc/start", fault);
            if (delegate instanceof AnsweredCall) {
                return;
            }
        }
        try {
            delegate.start(new SettlingListener(listener), headers);
        } catch (Throwable thrown) {
            Contained.run(faults, "grpc/start", () -> settle(Ending.failed(Ending.OTHER, thrown)));
            throw thrown;
        }
        running = true;
        Refusal stopped = stoppedBy;
        if (stopped != null) {
            delegate.cancel(stopped.message(), null);
        }
    }

    @Override
    public void request(int messages) {
        if (messages > 0) {
            demanded = true;
        }
        delegate.request(messages);
    }

    @Override
    public void cancel(@Nullable String reason, @Nullable Throwable cause) {
        cancelled = true;
        delegate.cancel(reason, cause);
    }

    @Override
    public String toString() {
        return delegate.toString();
    }

    private boolean isRefused(Listener<RespT> listener) {
        Deadline inherited = Context.current().getDeadline();
        if (deadline != null && inherited != null && isSooner(inherited, deadline)) {
            deadline = null;
        }
        Refusal refusal = plan.guard().tryAcquire(permit);
        if (refusal == null) {
            return false;
        }
        AnsweredCall<ReqT, RespT> answered = answered(refusal, listener);
        ClientCall<ReqT, RespT> unused = delegate;
        delegate = answered;
        unused.cancel(refusal.message(), null);
        answered.answer();
        return true;
    }

    private AnsweredCall<ReqT, RespT> answered(Refusal refusal, Listener<RespT> listener) {
        Fallback fallback = refusal.fallback();
        RespT message = fallback == null ? null : message(fallback, false);
        return message == null
                ? AnsweredCall.refused(listener, executor(), faults, statusOf(refusal), trailersOf(refusal))
                : AnsweredCall.answered(listener, executor(), faults, message, false);
    }

    /** Where the caller expects its callbacks. */
    private Executor executor() {
        Executor ofCall = plan.options().getExecutor();
        return Context.current()
                .fixedContextExecutor(
                        ofCall == null ? new StillbornCall(plan.channel(), plan.method(), plan.options()) : ofCall);
    }

    /**
     * The message a policy wants given, or null if there is none to give. Only a unary call has one: what a stream would
     * have said depends on what was sent, and part of an answer cannot be taken back.
     */
    @SuppressWarnings("unchecked") // the plan's method is the one this call was created for
    private @Nullable RespT message(Fallback fallback, boolean messageSeen) {
        RespT message;
        try {
            if (!plan.isUnary() || messageSeen) {
                throw new UnsupportedOperationException("a static answer needs a unary call without an answer so far, "
                        + plan.method().getFullMethodName() + " is "
                        + plan.method().getType());
            }
            message = (RespT) StaticMessage.of(plan.method(), fallback.answer());
        } catch (Throwable cause) {
            Contained.run(faults, "grpc/fallback", () -> fallback.failed(cause));
            return null;
        }
        Contained.run(faults, "grpc/fallback", fallback::served);
        return message;
    }

    private @Nullable Fallback settle(Ending ending) {
        try {
            return plan.guard().settle(permit, ending);
        } catch (Throwable fault) {
            faults.report("grpc/settle", fault);
            return null;
        }
    }

    private @Nullable Fallback settle(Status status, Metadata trailers, boolean heard) {
        try {
            if (status.getCode() == Status.Code.DEADLINE_EXCEEDED && deadline != null && deadline.isExpired()) {
                return plan.guard().settleExpired(permit, status.asRuntimeException(trailers));
            }
            return plan.guard().settle(permit, Endings.of(status, trailers, heard, cancelled));
        } catch (Throwable fault) {
            faults.report("grpc/settle", fault);
            return null;
        }
    }

    private static boolean isSooner(Deadline one, Deadline other) {
        return one.timeRemaining(TimeUnit.NANOSECONDS) < other.timeRemaining(TimeUnit.NANOSECONDS);
    }

    private static Status statusOf(Refusal refusal) {
        return (refusal.reason() == Reason.DEADLINE_EXHAUSTED ? Status.DEADLINE_EXCEEDED : Status.UNAVAILABLE)
                .withDescription(refusal.message());
    }

    /** When to come back, the way a server of gRPC says so to its clients. */
    private static Metadata trailersOf(Refusal refusal) {
        Metadata trailers = new Metadata();
        if (refusal.retryAfterNanos() > 0) {
            long millis = TimeUnit.NANOSECONDS.toMillis(refusal.retryAfterNanos() + 999_999);
            trailers.put(RETRY_PUSHBACK, Long.toString(millis));
        }
        return trailers;
    }

    /** Whether a blocking stub makes this call: only its own frames say that this is the thread it blocks. */
    private static boolean isBlocking() {
        return StackWalker.getInstance()
                .walk(frames -> frames.limit(FRAMES)
                        .anyMatch(frame -> frame.getClassName().equals("io.grpc.stub.ClientCalls")
                                && frame.getMethodName().startsWith("blocking")));
    }

    /** What the guard holds of this call. */
    private final class Permit extends Call {
        @Override
        public boolean timedByGuard() {
            return false;
        }

        @Override
        public long patienceNanos() {
            if (!isBlocking()) {
                return 0;
            }
            long patience = Long.MAX_VALUE;
            for (Deadline bound : new Deadline[] {
                plan.options().getDeadline(), Context.current().getDeadline()
            }) {
                patience = bound == null ? patience : Math.min(patience, bound.timeRemaining(TimeUnit.NANOSECONDS));
            }
            return patience;
        }

        @Override
        public void cancel(Refusal refusal) {
            stoppedBy = refusal;
            if (running) {
                delegate.cancel(refusal.message(), null);
            }
        }
    }

    /** The caller's listener; hears of the end of the call before the caller does. */
    private final class SettlingListener extends ForwardingClientCallListener<RespT> {
        private final Listener<RespT> listener;
        private boolean headersSeen;
        private boolean messageSeen;

        SettlingListener(Listener<RespT> listener) {
            this.listener = listener;
        }

        @Override
        protected Listener<RespT> delegate() {
            return listener;
        }

        @Override
        public void onHeaders(Metadata headers) {
            if (!headersSeen && !messageSeen) {
                Contained.run(faults, "grpc/headers", this::settleStream);
            }
            headersSeen = true;
            listener.onHeaders(headers);
        }

        @Override
        public void onMessage(RespT message) {
            if (!headersSeen && !messageSeen) {
                Contained.run(faults, "grpc/message", this::settleStream);
            }
            messageSeen = true;
            listener.onMessage(message);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            Status closing = status;
            AnsweredCall<ReqT, RespT> answered = null;
            Runnable answer = null;
            try {
                Refusal stopped = stoppedBy;
                if (stopped != null && status.getCode() == Status.Code.CANCELLED && !cancelled) {
                    closing = statusOf(stopped);
                    answered = instead(settleStopped(stopped));
                } else {
                    answered = instead(settle(status, trailers, headersSeen));
                }
                if (answered != null) {
                    delegate = answered;
                    answer = demanded ? answered.take() : null;
                }
            } catch (Throwable fault) {
                answered = null;
                faults.report("grpc/close", fault);
            }
            if (answered == null) {
                listener.onClose(closing, trailers);
            } else if (answer != null) {
                answer.run();
            }
        }

        /**
         * A target that begins to answer a stream is alive, and that is all its breaker asks: a stream may live for
         * hours, and a probe that is one must not count as a probe that never came back.
         */
        private void settleStream() {
            if (!plan.isUnary()) {
                settle(Ending.OK);
            }
        }

        private @Nullable Fallback settleStopped(Refusal refusal) {
            try {
                if (refusal.reason() == Reason.DEADLINE_EXHAUSTED) {
                    Fallback fallback =
                            plan.guard().settleExpired(permit, statusOf(refusal).asRuntimeException());
                    return fallback == null ? refusal.fallback() : fallback;
                }
                plan.guard().settle(permit, Ending.CANCELLED);
            } catch (Throwable fault) {
                faults.report("grpc/settle", fault);
            }
            return refusal.fallback();
        }

        private @Nullable AnsweredCall<ReqT, RespT> instead(@Nullable Fallback fallback) {
            RespT message = fallback == null ? null : message(fallback, messageSeen);
            return message == null ? null : AnsweredCall.answered(listener, executor(), faults, message, headersSeen);
        }
    }
}
