package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import io.grpc.ClientCall;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A unary call that is over before its caller said what it asks, on which its answer depends: it waits until that is said. */
final class WaitingCall<ReqT, RespT> extends StandIn<ReqT, RespT> {
    /*
     * The caller talks to it from its own threads; what it says is kept under the lock, and what follows from it is done
     * outside. Who is first to say that no more is to come, by halfClose() or cancel(), has the answer made; from then on
     * that is told what the caller says.
     */
    private final Supplier<@Nullable ClientCall<ReqT, RespT>> answering;
    private final Supplier<AnsweredCall<ReqT, RespT>> otherwise;
    private final Supplier<@Nullable ReqT> said;
    private final Runnable unasked;
    private final Faults faults;

    private boolean over; // guarded by this

    /**
     * @param answering makes an {@link AnsweredCall} or an {@link AlternateCall}, once all is said; or null
     * @param otherwise what it is then, and if it is cancelled before that
     * @param said what its caller said before it talked to this one
     * @param unasked is told if nobody will be asked, as the caller said nothing
     */
    WaitingCall(
            Supplier<@Nullable ClientCall<ReqT, RespT>> answering,
            Supplier<AnsweredCall<ReqT, RespT>> otherwise,
            Supplier<@Nullable ReqT> said,
            Runnable unasked,
            Faults faults) {
        this.answering = answering;
        this.otherwise = otherwise;
        this.said = said;
        this.unasked = unasked;
        this.faults = faults;
    }

    @Override
    public void halfClose() {
        Contained.task(faults, "grpc/waiting", this::whole, this::giveAsItWas).run();
    }

    /** After a fault, which may be one of the caller's own callbacks. */
    private void giveAsItWas() {
        ClientCall<ReqT, RespT> given;
        synchronized (this) {
            given = answer;
        }
        if (given == null) {
            otherwise.get().answer();
        } else if (given instanceof AnsweredCall<ReqT, RespT> answered) {
            Runnable closing = answered.take();
            if (closing != null) {
                closing.run();
            }
        }
    }

    /** Waits no longer than that for a call that is over already: its caller may mean to say nothing. */
    void waitAtMost(long nanos) {
        Runnable givingUp = Contained.task(
                faults,
                "grpc/waiting",
                () -> {
                    if (isFirst()) {
                        Contained.run(faults, "grpc/waiting", unasked);
                        give(otherwise.get());
                    }
                },
                this::giveAsItWas);
        CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, GuardedCall.CANCELS)
                .execute(givingUp);
    }

    private void whole() {
        if (isFirst()) {
            ClientCall<ReqT, RespT> made = answering.get();
            give(made == null ? otherwise.get() : made);
        }
    }

    @Override
    public void cancel(@Nullable String reason, @Nullable Throwable cause) {
        ClientCall<ReqT, RespT> given;
        if (isFirst()) {
            Contained.run(faults, "grpc/waiting", unasked);
            given = otherwise.get();
        } else {
            synchronized (this) {
                given = answer;
            }
        }
        if (given != null) {
            given.cancel(reason, cause);
        }
    }

    private synchronized boolean isFirst() {
        boolean isFirst = !over;
        over = true;
        return isFirst;
    }

    private void give(ClientCall<ReqT, RespT> given) {
        ReqT asks;
        boolean isDemanded;
        synchronized (this) {
            answer = given;
            asks = request;
            isDemanded = demanded;
        }
        asks = asks == null ? said.get() : asks;
        if (given instanceof AlternateCall<ReqT, RespT> asked && asks != null) {
            asked.ask(asks, isDemanded);
        } else if (given instanceof AlternateCall) {
            given.halfClose(); // without a message, of which it says what is to be said
        } else if (given instanceof AnsweredCall<ReqT, RespT> answered) {
            answered.answer(isDemanded);
        }
    }
}
