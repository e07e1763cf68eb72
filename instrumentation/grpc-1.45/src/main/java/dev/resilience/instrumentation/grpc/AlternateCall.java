package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A unary call that somebody else is asked, once its caller has said what it asks. */
final class AlternateCall<ReqT, RespT> extends StandIn<ReqT, RespT> {
    /*
     * The caller talks to this call from its own threads, and the alternate answers on another. What either said is kept
     * under the lock, and what follows from it is done outside: the alternate is asked once the request is whole, and
     * what the caller gets (the alternate's message, or what comes after it in the chain) is an AnsweredCall, which from
     * then on is told what the caller says.
     */
    private final Supplier<ClientCall<ReqT, RespT>> asking;
    private final Metadata headers;
    private final Then<ReqT, RespT> then;
    private final Listener<RespT> listener;
    private final Faults faults;

    /** Of the alternate. */
    private volatile Metadata answered = new Metadata();

    // All guarded by this.
    private boolean whole;
    private @Nullable ClientCall<ReqT, RespT> asked;
    private @Nullable Status cancelled;

    /** What the caller gets for what the alternate said: a message with OK, or another status without one. */
    interface Then<ReqT, RespT> {
        AnsweredCall<ReqT, RespT> answer(@Nullable RespT message, Status status, Metadata headers, Metadata trailers);
    }

    AlternateCall(
            Supplier<ClientCall<ReqT, RespT>> asking,
            Metadata headers,
            Then<ReqT, RespT> then,
            Listener<RespT> listener,
            Faults faults) {
        this.asking = asking;
        this.headers = headers;
        this.then = then;
        this.listener = listener;
        this.faults = faults;
    }

    /** Asks at once, for a caller that has said it all. */
    void ask(ReqT said, boolean isDemanded) {
        synchronized (this) {
            request = said;
            demanded |= isDemanded;
        }
        halfClose();
    }

    @Override
    public void halfClose() {
        ReqT said;
        boolean first;
        synchronized (this) {
            first = !whole;
            said = request;
            whole = true;
        }
        if (first && said != null) {
            Status broken = Status.CANCELLED.withDescription("a fault of the agent");
            Contained.task(faults, "grpc/alternate", () -> begin(said), () -> end(null, broken, new Metadata()))
                    .run();
        } else if (first) {
            Status without = Status.INTERNAL.withDescription("Half-closed without a request"); // as servers say
            Contained.run(faults, "grpc/alternate", () -> end(null, without, new Metadata()));
        }
    }

    @Override
    public void cancel(@Nullable String reason, @Nullable Throwable cause) {
        ClientCall<ReqT, RespT> under;
        ClientCall<ReqT, RespT> given;
        boolean begun;
        Status why = Status.CANCELLED.withDescription(reason).withCause(cause);
        synchronized (this) {
            begun = whole;
            whole = true;
            cancelled = why;
            under = asked;
            given = answer;
        }
        if (given != null) {
            given.cancel(reason, cause);
        } else if (under != null) {
            under.cancel(reason, cause);
        } else if (!begun) {
            Contained.run(faults, "grpc/alternate", () -> end(null, why, new Metadata()));
        }
    }

    private void begin(ReqT said) {
        try {
            ClientCall<ReqT, RespT> call = asking.get();
            Status gone;
            synchronized (this) {
                asked = call;
                gone = cancelled;
            }
            if (gone != null) {
                end(null, gone, new Metadata());
                return;
            }
            call.start(new Answering(), headers);
            call.request(2); // as a stub does, to hear of a second message
            call.sendMessage(said);
            call.halfClose();
        } catch (Throwable thrown) {
            Status gone = whyCancelled(); // and gRPC says so of what is said to it then
            end(null, gone == null ? Status.fromThrowable(thrown) : gone, new Metadata());
        }
    }

    private synchronized @Nullable Status whyCancelled() {
        return cancelled;
    }

    /** The alternate's own listener: its message is the answer only if the status says so. */
    private final class Answering extends Listener<RespT> {
        private @Nullable RespT message;

        @Override
        public void onHeaders(Metadata received) {
            answered = received;
        }

        @Override
        public void onMessage(RespT received) {
            message = received;
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            RespT said = status.isOk() ? message : null;
            // as end() does, whose own fault nobody would contain here
            Contained.task(
                            faults,
                            "grpc/alternate",
                            () -> over(said, status, trailers),
                            () -> giveAsItCame(said, status, trailers))
                    .run();
        }
    }

    private void end(@Nullable RespT message, Status status, Metadata trailers) {
        Contained.task(
                        faults,
                        "grpc/alternate",
                        () -> over(message, status, trailers),
                        () -> giveAsItCame(message, status, trailers))
                .run();
    }

    /** After a fault of ours: nobody else calls the caller back. */
    private void giveAsItCame(@Nullable RespT message, Status status, Metadata trailers) {
        ClientCall<ReqT, RespT> given;
        synchronized (this) {
            given = answer;
        }
        Runnable answering = given instanceof AnsweredCall<ReqT, RespT> answered ? answered.take() : null;
        if (answering != null) {
            answering.run();
        } else if (given == null) {
            if (message != null) {
                listener.onHeaders(answered);
                listener.onMessage(message);
            }
            listener.onClose(status, trailers);
        }
    }

    private void over(@Nullable RespT message, Status status, Metadata trailers) {
        synchronized (this) {
            if (answer != null) {
                return;
            }
        }
        AnsweredCall<ReqT, RespT> given = then.answer(message, status, answered, trailers);
        boolean isDemanded;
        synchronized (this) {
            if (answer != null) {
                return;
            }
            answer = given;
            isDemanded = demanded;
        }
        given.answer(isDemanded);
    }
}
