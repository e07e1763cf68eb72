package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Faults;
import io.grpc.Attributes;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A call that is answered here, not by its target: with a status, or with a message once the caller asks for one. */
final class AnsweredCall<ReqT, RespT> extends ClientCall<ReqT, RespT> {
    /*
     * All callbacks of the answer come in one piece, so they need no order of their own: what wins `over` gives them, on
     * the executor the caller's callbacks run on anyway.
     */
    private final Listener<RespT> listener;
    private final Executor executor;
    private final Faults faults;
    private final Status status;
    private final Metadata trailers;
    private final @Nullable RespT message;

    /** Before the message; null if the caller has had some from the target already. */
    private final @Nullable Metadata headers;

    private final AtomicBoolean over = new AtomicBoolean();

    private AnsweredCall(
            Listener<RespT> listener,
            Executor executor,
            Faults faults,
            Status status,
            Metadata trailers,
            @Nullable RespT message,
            @Nullable Metadata headers) {
        this.listener = listener;
        this.executor = executor;
        this.faults = faults;
        this.status = status;
        this.trailers = trailers;
        this.message = message;
        this.headers = headers;
    }

    static <ReqT, RespT> AnsweredCall<ReqT, RespT> refused(
            Listener<RespT> listener, Executor executor, Faults faults, Status status, Metadata trailers) {
        return new AnsweredCall<>(listener, executor, faults, status, trailers, null, null);
    }

    /** With {@code headersSeen}, the caller has had headers from the target already. */
    static <ReqT, RespT> AnsweredCall<ReqT, RespT> answered(
            Listener<RespT> listener, Executor executor, Faults faults, RespT message, boolean headersSeen) {
        return answered(listener, executor, faults, message, headersSeen ? null : new Metadata(), new Metadata());
    }

    /** @param headers before the message; null if the caller has had some from the target already */
    static <ReqT, RespT> AnsweredCall<ReqT, RespT> answered(
            Listener<RespT> listener,
            Executor executor,
            Faults faults,
            RespT message,
            @Nullable Metadata headers,
            Metadata trailers) {
        return new AnsweredCall<>(listener, executor, faults, Status.OK, trailers, message, headers);
    }

    /** Gives a status at once, but a message only when there is demand for it. */
    void answer() {
        if (message == null) {
            closeLater(status, trailers);
        }
    }

    /** The same, to a caller that may have asked for a message before. */
    void answer(boolean isDemanded) {
        answer();
        if (isDemanded) {
            request(1);
        }
    }

    /** What gives the answer, for whoever is on the thread of the caller's callbacks; null if it was given already. */
    @Nullable
    Runnable take() {
        return over.compareAndSet(false, true) ? new Closing(status, trailers) : null;
    }

    @Override
    public void start(Listener<RespT> again, Metadata headers) {
        throw new IllegalStateException("Already started");
    }

    @Override
    public void request(int messages) {
        if (messages < 0) {
            throw new IllegalArgumentException("Number requested must be non-negative");
        }
        if (messages > 0) {
            closeLater(status, trailers);
        }
    }

    @Override
    public void cancel(@Nullable String reason, @Nullable Throwable cause) {
        Status cancelled = Status.CANCELLED
                .withDescription(reason == null ? "Call cancelled without message" : reason)
                .withCause(cause);
        closeLater(cancelled, new Metadata());
    }

    @Override
    public void halfClose() {}

    @Override
    public void sendMessage(ReqT request) {}

    @Override
    public boolean isReady() {
        return false;
    }

    @Override
    public Attributes getAttributes() {
        return Attributes.EMPTY;
    }

    private void closeLater(Status closing, Metadata trailing) {
        if (!over.compareAndSet(false, true)) {
            return;
        }
        Closing answer = new Closing(closing, trailing);
        try {
            executor.execute(answer);
        } catch (Throwable thrown) {
            if (answer.given.get()) {
                throw thrown; // by the listener, on an executor that runs it at once
            }
            faults.report("grpc/executor", thrown);
            answer.run(); // a caller must not wait for ever because its executor is shut down
        }
    }

    /** The callbacks, once. They are the application's, so nothing of ours may come between them and end them early. */
    private final class Closing implements Runnable {
        private final Status closing;
        private final Metadata trailing;
        private final AtomicBoolean given = new AtomicBoolean();

        Closing(Status closing, Metadata trailing) {
            this.closing = closing;
            this.trailing = trailing;
        }

        @Override
        public void run() {
            if (!given.compareAndSet(false, true)) {
                return;
            }
            Status last = closing;
            if (message != null && closing.isOk()) {
                try {
                    if (headers != null) {
                        listener.onHeaders(headers);
                    }
                    listener.onMessage(message);
                } catch (Throwable thrown) { // as gRPC does for a listener that throws
                    last = Status.CANCELLED.withCause(thrown).withDescription("Failed to read message.");
                }
            }
            listener.onClose(last, trailing);
        }
    }
}
