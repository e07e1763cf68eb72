package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A unary call that is made once more, after a while: what it is answered goes to its caller as it comes. */
final class AgainCall<ReqT, RespT> extends StandIn<ReqT, RespT> {
    /*
     * Until it is begun the caller talks to this call, and who cancels it closes it. From when the call that follows is
     * started, that is told what the caller says and calls the caller's listener back itself; what is said in between is
     * kept under the lock. The call that follows has a guard of its own, and whatever is to be tried after it.
     */
    private final Fallback link;
    private final Again again;
    private final Supplier<ClientCall<ReqT, RespT>> making;
    private final Supplier<Metadata> headers;
    private final Listener<RespT> listener;
    private final Executor executor;
    private final Function<Throwable, ClientCall<ReqT, RespT>> unmade;
    private final Supplier<AnsweredCall<ReqT, RespT>> otherwise;
    private final Faults faults;

    // All guarded by this.
    private boolean begun;
    private boolean ended;
    private @Nullable Status cancelled;

    /**
     * @param making makes the call that follows
     * @param unmade what answers if that cannot be made
     * @param otherwise gives what the attempt before it ended with
     */
    AgainCall(
            Fallback link,
            Again again,
            Supplier<ClientCall<ReqT, RespT>> making,
            Supplier<Metadata> headers,
            Listener<RespT> listener,
            Executor executor,
            Function<Throwable, ClientCall<ReqT, RespT>> unmade,
            Supplier<AnsweredCall<ReqT, RespT>> otherwise,
            Faults faults) {
        this.link = link;
        this.again = again;
        this.making = making;
        this.headers = headers;
        this.listener = listener;
        this.executor = executor;
        this.unmade = unmade;
        this.otherwise = otherwise;
        this.faults = faults;
    }

    /** Waits on no thread, and asks in the context of the call. */
    void ask(ReqT said, boolean isDemanded) {
        synchronized (this) {
            request = said;
            demanded |= isDemanded;
        }
        Context of = Context.current();
        Context.CancellationListener gone =
                context -> cancel("Context cancelled", context.cancellationCause()); // as gRPC says it
        Runnable asking = Contained.task(
                faults,
                "grpc/again",
                () -> {
                    of.removeListener(gone); // the call that follows listens itself
                    begin(said);
                },
                this::giveAsItWas);
        of.addListener(gone, GuardedCall.CANCELS);
        CompletableFuture.delayedExecutor(again.afterNanos(), TimeUnit.NANOSECONDS, GuardedCall.CANCELS)
                .execute(of.wrap(asking));
    }

    @Override
    public void halfClose() {
        // nothing more was to come
    }

    @Override
    public void cancel(@Nullable String reason, @Nullable Throwable cause) {
        ClientCall<ReqT, RespT> given;
        boolean closes;
        Status why = Status.CANCELLED.withDescription(reason).withCause(cause);
        synchronized (this) {
            given = answer;
            closes = given == null && !begun && !ended;
            ended |= closes;
            cancelled = why;
        }
        if (given != null) {
            given.cancel(reason, cause);
        } else if (closes) {
            Contained.run(faults, "grpc/again", () -> link.tooLate(why.asRuntimeException()));
            AnsweredCall.<ReqT, RespT>refused(listener, executor, faults, why, new Metadata())
                    .answer();
        }
    }

    private synchronized boolean isFirst() {
        boolean isFirst = !ended && !begun;
        begun |= isFirst;
        return isFirst;
    }

    private void begin(ReqT said) {
        if (!isFirst()) {
            return;
        }
        ClientCall<ReqT, RespT> call;
        try {
            call = making.get();
            call.start(new Following(), headers.get());
        } catch (Throwable cause) {
            give(unmade.apply(cause), said);
            return;
        }
        Status gone;
        boolean isDemanded;
        synchronized (this) {
            answer = call;
            gone = cancelled;
            isDemanded = demanded;
        }
        if (gone != null) {
            call.cancel(gone.getDescription(), gone.getCause());
            return;
        }
        try {
            if (isDemanded) {
                call.request(2); // as a stub does, to hear of a second message
            }
            call.sendMessage(said);
            call.halfClose();
        } catch (IllegalStateException thrown) {
            if (!isCancelled()) {
                throw thrown;
            } // else who cancelled it was quicker, and gRPC says so
        }
    }

    private synchronized boolean isCancelled() {
        return cancelled != null;
    }

    private void give(ClientCall<ReqT, RespT> given, ReqT said) {
        boolean isDemanded;
        synchronized (this) {
            answer = given;
            isDemanded = demanded;
        }
        if (given instanceof AlternateCall<ReqT, RespT> asked) {
            asked.ask(said, isDemanded);
        } else if (given instanceof AnsweredCall<ReqT, RespT> answered) {
            answered.answer(isDemanded);
        }
    }

    /** After a fault of ours. */
    private void giveAsItWas() {
        boolean isMade;
        synchronized (this) {
            isMade = answer != null;
            ended = true;
        }
        if (isMade) {
            cancel("a fault of the agent", null);
        } else {
            otherwise.get().answer();
        }
    }

    /** On the thread of the caller's callbacks. */
    private final class Following extends Listener<RespT> {
        @Override
        public void onHeaders(Metadata received) {
            listener.onHeaders(received);
        }

        @Override
        public void onMessage(RespT message) {
            listener.onMessage(message);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            Contained.run(faults, "grpc/again", link::served);
            Runnable before = null;
            try {
                before = status.isOk() || !again.isRefused()
                        ? null
                        : otherwise.get().take();
            } catch (Throwable fault) {
                faults.report("grpc/again", fault);
            }
            if (before == null) {
                listener.onClose(status, trailers);
            } else {
                before.run();
            }
        }
    }
}
