package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Attempt;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.RequestFacts;
import dev.resilience.instrumentation.api.StaticAnswer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A call of gRPC that a guard decides on when it starts; in all else it is the call it wraps. */
final class GuardedCall<ReqT, RespT> extends ForwardingClientCall<ReqT, RespT> {
    /*
     * start() is called once, by one thread, before anything but cancel(); so a call that is created and dropped, or
     * cancelled before it starts, never holds a permit. From then on request() and cancel() may come from any thread,
     * callbacks from gRPC one after the other, and stop() from the agent:
     *
     * - `delegate` is what the caller talks to: `original` at first. It changes at most once: to an AnsweredCall, which then
     *   gives the callbacks, to an AlternateCall, which asks somebody else first, to an AgainCall, which asks the target once
     *   more, or to a WaitingCall, which becomes one of the first two. request() writes `demanded` before it reads
     *   `delegate`, onClose() the other way round: a demand that meets the change is seen by one of the two, and the answer
     *   is given once. So it is with halfClose() and cancel().
     * - stop() may come while start() is still on its way into gRPC, where an early cancel would make start() throw. So
     *   stop() writes `stoppedBy` and then reads `running`, start() the other way round: one of the two cancels.
     *
     * gRPC and the application call the methods of ClientCall and its listener, and nobody of ours stands above them: in
     * those every step of ours is caught, and what was to be passed on is passed on as it came.
     */
    /** Further up no stub is looked for: between it and a call's start are its interceptors alone. */
    private static final int FRAMES = 100;

    /** For what a caller asks whose call failed before it was said: a stub says it at once, if perhaps on another thread. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final AlternateChannels CHANNELS = new AlternateChannels();

    /**
     * A call without a connection is closed on the thread that cancels it, and a direct executor calls the application back
     * there: on one of the JDK's, not of the agent's.
     */
    static final Executor CANCELS = new CompletableFuture<Void>().defaultExecutor();

    private final Plan plan;
    private final Faults faults;
    private final boolean unary;
    private final Permit permit = new Permit();
    private final @Nullable StreamClock clock;
    private final ClientCall<ReqT, RespT> original;
    private volatile ClientCall<ReqT, RespT> delegate;
    private boolean started;
    private @Nullable Metadata sent;
    private volatile @Nullable KeptCall<ReqT, RespT> kept;
    private volatile @Nullable Repeat repeat;
    private volatile @Nullable ReqT request;
    private volatile boolean halfClosed;
    private @Nullable Deadline deadline;
    private @Nullable Deadline inherited;
    private @Nullable Refusal expiredBy;
    private volatile boolean running;
    private volatile boolean cancelled;
    private volatile boolean demanded;
    private volatile @Nullable Refusal stoppedBy;

    GuardedCall(ClientCall<ReqT, RespT> delegate, Plan plan) {
        this.original = delegate;
        this.delegate = delegate;
        this.plan = plan;
        this.faults = plan.faults();
        this.unary = plan.isUnary();
        this.deadline = plan.deadline();
        this.clock = plan.clock();
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
        sent = headers;
        try {
            kept = KeptCall.of(plan, headers);
        } catch (Throwable fault) {
            faults.report("grpc/keep", fault);
        }
        try {
            if (isRefused(listener)) {
                return;
            }
        } catch (Throwable fault) {
            faults.report("grpc/start", fault);
            if (delegate instanceof AnsweredCall
                    || delegate instanceof AlternateCall
                    || delegate instanceof WaitingCall) {
                return;
            }
        }
        StreamClock timed = clock;
        if (timed != null && permit.isAdmitted()) {
            Contained.run(faults, "grpc/stream", () -> timed.begin(permit, this::stop));
        }
        try {
            delegate.start(new SettlingListener(listener), headers);
        } catch (Throwable thrown) {
            Contained.run(faults, "grpc/start", () -> settle(Ending.failed(Ending.OTHER, thrown)));
            Contained.run(faults, "grpc/stream", () -> unclock(false));
            throw thrown;
        }
        running = true;
        Refusal stopped = stoppedBy;
        if (stopped != null) {
            original.cancel(stopped.message(), null);
        }
    }

    @Override
    public void request(int messages) {
        StreamClock timed = clock;
        if (messages > 0) {
            demanded = true;
            if (timed != null) {
                Contained.run(faults, "grpc/stream", () -> timed.asked(messages));
            }
        }
        delegate.request(messages);
    }

    /** Kept for a fallback that asks somebody else, as long as the call may need one. */
    @Override
    public void sendMessage(ReqT message) {
        KeptCall<ReqT, RespT> keeping = kept;
        if (keeping != null) {
            Contained.run(faults, "grpc/keep", () -> keeping.asking(message));
        }
        if (unary) {
            request = message; // after all that is to be known of it
        }
        delegate.sendMessage(message);
    }

    @Override
    public void halfClose() {
        StreamClock timed = clock;
        if (timed != null) {
            Contained.run(faults, "grpc/stream", timed::halfClosed);
        }
        halfClosed = true;
        delegate.halfClose();
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
        inherited = Context.current().getDeadline();
        if (deadline != null && inherited != null && isSooner(inherited, deadline)) {
            deadline = null;
        }
        Refusal refusal = plan.guard().tryAcquire(permit);
        if (refusal == null) {
            if (unary && sent != null && plan.guard().repeats() && !AlternateChannels.isOne(plan.options())) {
                repeat = new Repeat(plan, sent, inherited);
            }
            return false;
        }
        Executor executor = executor();
        Supplier<AnsweredCall<ReqT, RespT>> refused =
                () -> AnsweredCall.refused(listener, executor, faults, statusOf(refusal), trailersOf(refusal));
        Fallback first = refusal.fallback();
        ClientCall<ReqT, RespT> given = first != null && first.isSnapshot() && kept != null
                ? waiting(first, listener, executor, false, refused)
                : instead(first, listener, executor, false, false, refused);
        ClientCall<ReqT, RespT> unused = delegate;
        delegate = given == null ? refused.get() : given;
        unused.cancel(refusal.message(), null);
        if (delegate instanceof AnsweredCall<ReqT, RespT> answered) {
            answered.answer();
        } else if (delegate instanceof WaitingCall<ReqT, RespT> waiting) {
            waiting.waitAtMost(PATIENCE_NANOS);
        }
        return true;
    }

    /** What may be given depends on what is asked, and that is not said when a call starts. */
    private WaitingCall<ReqT, RespT> waiting(
            Fallback first,
            Listener<RespT> listener,
            Executor executor,
            boolean headersSeen,
            Supplier<AnsweredCall<ReqT, RespT>> otherwise) {
        return new WaitingCall<>(
                () -> instead(first, listener, executor, false, headersSeen, otherwise),
                otherwise,
                () -> request,
                () -> first.tooLate(unasked()),
                faults);
    }

    private static IllegalStateException unasked() {
        return new IllegalStateException("the caller did not say what it asks");
    }

    /** Where the caller expects its callbacks. */
    private Executor executor() {
        Executor ofCall = plan.options().getExecutor();
        return Context.current()
                .fixedContextExecutor(
                        ofCall == null ? new StillbornCall(plan.channel(), plan.method(), plan.options()) : ofCall);
    }

    /** What answers the caller instead: the first link that may, or null; {@code otherwise} if that one does not. */
    private @Nullable ClientCall<ReqT, RespT> instead(
            @Nullable Fallback first,
            Listener<RespT> listener,
            Executor executor,
            boolean messageSeen,
            boolean headersSeen,
            Supplier<AnsweredCall<ReqT, RespT>> otherwise) {
        if (first != null && AlternateChannels.isOne(plan.options())) {
            first.tooLate(new IllegalStateException("it was asked as the alternate of another"));
            return null;
        }
        Fallback link = first;
        while (link != null) {
            try {
                Again again = link.again();
                if (again != null) {
                    return again(link, again, listener, executor, otherwise);
                }
                Alternate alternate = link.alternate();
                if (alternate == null) {
                    RespT message = messageOf(link, messageSeen);
                    Contained.run(faults, "grpc/fallback", link::served);
                    return AnsweredCall.answered(listener, executor, faults, message, headersSeen);
                }
                if (!plan.isUnary() || messageSeen) {
                    throw new UnsupportedOperationException("an alternate needs a unary call without an answer so far");
                }
                return asking(link, alternate, listener, executor, headersSeen, otherwise);
            } catch (Throwable cause) {
                link = next(link, cause);
            }
        }
        return null;
    }

    @SuppressWarnings("unchecked") // as below
    private AgainCall<ReqT, RespT> again(
            Fallback link,
            Again again,
            Listener<RespT> listener,
            Executor executor,
            Supplier<AnsweredCall<ReqT, RespT>> otherwise) {
        Repeat attempt = repeat;
        if (attempt == null) {
            throw new IllegalStateException("a call that is not made again");
        }
        MethodDescriptor<ReqT, RespT> method = (MethodDescriptor<ReqT, RespT>) plan.method();
        return new AgainCall<>(
                link,
                again,
                () -> plan.channel().newCall(method, Repeat.following(plan.asked(), again)),
                attempt::headers,
                listener,
                executor,
                cause -> {
                    ClientCall<ReqT, RespT> given =
                            instead(next(link, cause), listener, executor, false, false, otherwise);
                    return given == null ? otherwise.get() : given;
                },
                otherwise,
                faults);
    }

    @SuppressWarnings("unchecked") // the plan's method is the one this call was created for
    private AlternateCall<ReqT, RespT> asking(
            Fallback link,
            Alternate alternate,
            Listener<RespT> listener,
            Executor executor,
            boolean headersSeen,
            Supplier<AnsweredCall<ReqT, RespT>> otherwise) {
        Channel channel = CHANNELS.of(alternate);
        Metadata headers = new Metadata();
        if (sent != null) {
            headers.merge(sent);
            headers.keys().stream()
                    .filter(name -> !alternate.isSent(name))
                    .toList()
                    .forEach(name -> discard(headers, name));
        }
        MethodDescriptor<ReqT, RespT> method = (MethodDescriptor<ReqT, RespT>) plan.method();
        return new AlternateCall<>(
                () -> channel.newCall(method, optionsFor(alternate)),
                headers,
                (message, status, received, trailers) -> {
                    if (message == null && cancelled) {
                        Contained.run(faults, "grpc/fallback", () -> link.tooLate(status.asRuntimeException(trailers)));
                        return otherwise.get();
                    }
                    if (message == null && alternate.isFault(Endings.of(status, trailers, true, false))) {
                        Fallback next = next(link, status.asRuntimeException(trailers));
                        ClientCall<ReqT, RespT> given =
                                instead(next, listener, executor, false, headersSeen, otherwise);
                        return given instanceof AnsweredCall<ReqT, RespT> answered ? answered : otherwise.get();
                    }
                    Contained.run(faults, "grpc/fallback", link::served);
                    return message == null
                            ? AnsweredCall.refused(listener, executor, faults, status, trailers)
                            : AnsweredCall.answered(
                                    listener, executor, faults, message, headersSeen ? null : received, trailers);
                },
                listener,
                faults);
    }

    private static void discard(Metadata headers, String name) {
        if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
            headers.removeAll(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER));
        } else {
            headers.removeAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
        }
    }

    /** The caller's, with the alternate's deadline unless the caller's own ends sooner. */
    private CallOptions optionsFor(Alternate alternate) {
        CallOptions options = AlternateChannels.mark(plan.asked()).withAuthority(null);
        Deadline callers = options.getDeadline();
        if (callers == null || callers.timeRemaining(TimeUnit.NANOSECONDS) > alternate.deadlineNanos()) {
            options = options.withDeadlineAfter(alternate.deadlineNanos(), TimeUnit.NANOSECONDS);
        }
        return alternate.sendsCredentials() ? options : options.withCallCredentials(null);
    }

    private @Nullable Fallback next(Fallback link, Throwable cause) {
        try {
            return link.failed(cause);
        } catch (Throwable fault) {
            faults.report("grpc/fallback", fault);
            return null;
        }
    }

    /**
     * Only a unary call has a message to give: what a stream would have said depends on what was sent, and part of an
     * answer cannot be taken back.
     */
    @SuppressWarnings("unchecked") // the plan's method is the one this call was created for
    private RespT messageOf(Fallback link, boolean messageSeen) {
        KeptCall<ReqT, RespT> keeping = kept;
        if (link.isSnapshot()) {
            if (keeping == null || messageSeen) {
                throw new UnsupportedOperationException(
                        "nothing is kept of such a call, or part of its answer was given");
            }
            return keeping.snapshot(link);
        }
        StaticAnswer answer = link.answer();
        if (!plan.isUnary() || messageSeen || answer == null) {
            throw new UnsupportedOperationException("a static answer needs a unary call without an answer so far, "
                    + plan.method().getFullMethodName() + " is "
                    + plan.method().getType());
        }
        return (RespT) StaticMessage.of(plan.method(), answer);
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
            if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
                if (deadline != null && deadline.isExpired()) {
                    plan.cancels().ended(-deadline.timeRemaining(TimeUnit.NANOSECONDS));
                    expiredBy = plan.guard().expired(permit);
                    return plan.guard().settleExpired(permit, status.asRuntimeException(trailers));
                }
                permit.inheritsDeadline(isOver(plan.options().getDeadline()) || isOver(inherited));
            }
            return plan.guard().settle(permit, Endings.of(status, trailers, heard, cancelled));
        } catch (Throwable fault) {
            faults.report("grpc/settle", fault);
            return null;
        }
    }

    private static boolean isOver(@Nullable Deadline of) {
        return of != null && of.isExpired();
    }

    private void stop(Refusal refusal) {
        stoppedBy = refusal;
        if (running) {
            original.cancel(refusal.message(), null);
        }
    }

    private void unclock(boolean isWhole) {
        StreamClock timed = clock;
        if (timed != null) {
            timed.end(isWhole);
        }
    }

    private static boolean isSooner(Deadline one, Deadline other) {
        return one.timeRemaining(TimeUnit.NANOSECONDS) < other.timeRemaining(TimeUnit.NANOSECONDS);
    }

    private static Status statusOf(Refusal refusal) {
        return (refusal.reason().isTimeout() ? Status.DEADLINE_EXCEEDED : Status.UNAVAILABLE)
                .withDescription(refusal.message());
    }

    /** When to come back, the way a server of gRPC says so to its clients. */
    private static Metadata trailersOf(Refusal refusal) {
        Metadata trailers = new Metadata();
        if (refusal.retryAfterNanos() > 0) {
            long millis = TimeUnit.NANOSECONDS.toMillis(refusal.retryAfterNanos() + 999_999);
            trailers.put(Repeat.PUSHBACK, Long.toString(millis));
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

    private static boolean isOfBlockingStub(StackTraceElement frame) {
        return frame.getClassName().equals("io.grpc.stub.ClientCalls")
                && frame.getMethodName().startsWith("blocking");
    }

    /** What the guard holds of this call. */
    private final class Permit extends Call {
        @Override
        public boolean timedByGuard() {
            return unary && plan.guard().isDeadlineAdaptive();
        }

        @Override
        public boolean hasDeadline() {
            return unary;
        }

        @Override
        public boolean timedByLibrary() {
            return deadline != null;
        }

        /** The thread that started the call works for it only while it is blocked by a stub. */
        @Override
        public @Nullable Thread worker() {
            Thread maker = super.worker();
            return maker != null && Arrays.stream(maker.getStackTrace()).anyMatch(GuardedCall::isOfBlockingStub)
                    ? maker
                    : null;
        }

        @Override
        public @Nullable Again follows() {
            return plan.follows();
        }

        @Override
        public @Nullable Attempt attempt() {
            return repeat;
        }

        @Override
        public long requestHash() {
            ReqT said = request;
            return said == null ? 0 : ((long) plan.method().getFullMethodName().hashCode() << 32) ^ said.hashCode();
        }

        @Override
        public RequestFacts facts() {
            return new AskedCall(plan.method().getFullMethodName(), sent);
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
        public long leftToCallerNanos(long elapsedNanos) {
            return Repeat.left(plan.asked(), inherited);
        }

        @Override
        public void cancel(Refusal refusal) {
            CANCELS.execute(Contained.task(faults, "grpc/cancel", () -> stop(refusal), () -> {}));
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
                Contained.run(faults, "grpc/headers", () -> settleStream(false));
            }
            headersSeen = true;
            listener.onHeaders(headers);
        }

        @Override
        public void onMessage(RespT message) {
            if (!messageSeen || permit.isAdmitted()) {
                boolean goesOn = messageSeen;
                Contained.run(faults, "grpc/message", () -> settleStream(goesOn));
            }
            messageSeen = true;
            KeptCall<ReqT, RespT> keeping = kept;
            if (keeping != null) {
                Contained.run(faults, "grpc/keep", () -> keeping.answered(message));
            }
            listener.onMessage(message);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            Status closing = status;
            boolean isGiven = false;
            Runnable answer = null;
            try {
                Repeat attempt = repeat;
                if (attempt != null) {
                    Contained.run(
                            faults, "grpc/close", () -> attempt.ending(trailers, request, headersSeen || messageSeen));
                }
                Refusal stopped = stoppedBy;
                boolean isStopped = stopped != null && status.getCode() == Status.Code.CANCELLED && !cancelled;
                Fallback fallback;
                if (stopped != null && isStopped) {
                    closing = statusOf(stopped);
                    fallback = settleStopped(stopped);
                } else {
                    fallback = settle(status, trailers, headersSeen);
                    closing = explained(status);
                }
                ClientCall<ReqT, RespT> given = fallback == null ? null : instead(fallback, closing, trailers);
                if (given != null) {
                    delegate = given;
                    isGiven = true;
                    if (cancelled) { // who cancelled has seen only the call that is over
                        given.cancel("cancelled by its caller", null);
                    } else {
                        answer = answerOf(given, closing, trailers);
                    }
                }
            } catch (Throwable fault) {
                isGiven = false;
                delegate = original;
                faults.report("grpc/close", fault);
            }
            if (!(delegate instanceof WaitingCall)) {
                request = null;
            }
            KeptCall<ReqT, RespT> keeping = kept;
            if (keeping != null) {
                Contained.run(faults, "grpc/keep", () -> keeping.over(status));
            }
            Contained.run(faults, "grpc/stream", () -> unclock(status.isOk()));
            if (!isGiven) {
                listener.onClose(closing, trailers);
            } else if (answer != null) {
                answer.run();
            }
        }

        private @Nullable ClientCall<ReqT, RespT> instead(Fallback fallback, Status closing, Metadata trailers) {
            Executor executor = executor();
            Supplier<AnsweredCall<ReqT, RespT>> otherwise =
                    () -> AnsweredCall.refused(listener, executor, faults, closing, trailers);
            boolean dependsOnIt = fallback.isSnapshot() || fallback.alternate() != null;
            if (!dependsOnIt || !plan.isUnary() || request != null || messageSeen) {
                return GuardedCall.this.instead(fallback, listener, executor, messageSeen, headersSeen, otherwise);
            }
            if (cancelled || closing.getCode() == Status.Code.DEADLINE_EXCEEDED) {
                fallback.tooLate(unasked());
                return null;
            }
            return waiting(fallback, listener, executor, headersSeen, otherwise);
        }

        /** What is to be done now, if anything. */
        private @Nullable Runnable answerOf(ClientCall<ReqT, RespT> given, Status closing, Metadata trailers) {
            if (given instanceof AnsweredCall<ReqT, RespT> answered) {
                return demanded ? answered.take() : null;
            }
            if (given instanceof WaitingCall<ReqT, RespT> waiting) {
                return Contained.task(faults, "grpc/close", () -> catchUp(waiting), waiting::halfClose);
            }
            ReqT said = request;
            if (said != null && given instanceof AgainCall<ReqT, RespT> again) {
                return Contained.task(
                        faults,
                        "grpc/close",
                        () -> again.ask(said, demanded),
                        () -> listener.onClose(closing, trailers));
            }
            if (said != null && given instanceof AlternateCall<ReqT, RespT> asked) {
                return Contained.task(
                        faults,
                        "grpc/close",
                        () -> asked.ask(said, demanded),
                        () -> listener.onClose(closing, trailers));
            }
            throw new IllegalStateException("a call without a request");
        }

        /** What its caller said while the call was still the original. */
        private void catchUp(WaitingCall<ReqT, RespT> waiting) {
            if (demanded) {
                waiting.request(1);
            }
            if (halfClosed) {
                waiting.halfClose();
            }
            if (cancelled) {
                waiting.cancel("cancelled by its caller", null);
            }
            waiting.waitAtMost(PATIENCE_NANOS);
        }

        /** At the guard's deadline gRPC's own status, and after what it says why it was that. */
        private Status explained(Status status) {
            Refusal said = expiredBy;
            return said == null ? status : status.withDescription(status.getDescription() + "; " + said.message());
        }

        /**
         * A target that begins to answer a stream is alive, and that is all its breaker asks: a stream may live for
         * hours, and a probe that is one must not count as a probe that never came back. Unless its streams were what
         * opened the circuit, as they stopped half-way: then it is alive that goes on.
         */
        private void settleStream(boolean goesOn) {
            if (!plan.isUnary() && (goesOn || !plan.guard().awaitsEnd(permit))) {
                settle(Ending.OK);
            }
        }

        private @Nullable Fallback settleStopped(Refusal refusal) {
            try {
                if (refusal.reason().isTimeout()) {
                    StreamClock timed = clock;
                    Call expired = timed != null && timed.hasStopped() ? timed : permit;
                    Fallback fallback = plan.guard()
                            .settleExpired(expired, statusOf(refusal).asRuntimeException());
                    return fallback == null ? refusal.fallback() : fallback;
                }
                plan.guard().settle(permit, Ending.CANCELLED);
            } catch (Throwable fault) {
                faults.report("grpc/settle", fault);
            }
            return refusal.fallback();
        }
    }
}
