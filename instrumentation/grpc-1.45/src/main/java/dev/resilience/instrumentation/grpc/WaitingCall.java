package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import io.grpc.ClientCall;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A refused unary call whose answer depends on what its caller asks: it waits until that is said. */
final class WaitingCall<ReqT, RespT> extends StandIn<ReqT, RespT> {
    /*
     * The caller talks to it from its own threads; what it says is kept under the lock, and what follows from it is done
     * outside. Who is first to say that no more is to come, by halfClose() or cancel(), has the answer made; from then on
     * that is told what the caller says.
     */
    private final Supplier<@Nullable ClientCall<ReqT, RespT>> answering;
    private final Supplier<AnsweredCall<ReqT, RespT>> otherwise;
    private final Faults faults;

    private boolean over; // guarded by this

    /**
     * @param answering makes an {@link AnsweredCall} or an {@link AlternateCall}, once all is said; or null
     * @param otherwise what it is then, and if it is cancelled before that
     */
    WaitingCall(
            Supplier<@Nullable ClientCall<ReqT, RespT>> answering,
            Supplier<AnsweredCall<ReqT, RespT>> otherwise,
            Faults faults) {
        this.answering = answering;
        this.otherwise = otherwise;
        this.faults = faults;
    }

    @Override
    public void halfClose() {
        Contained.task(
                        faults,
                        "grpc/waiting",
                        this::whole,
                        () -> otherwise.get().answer())
                .run();
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
        ReqT said;
        boolean isDemanded;
        synchronized (this) {
            answer = given;
            said = request;
            isDemanded = demanded;
        }
        if (given instanceof AlternateCall<ReqT, RespT> asked && said != null) {
            asked.ask(said, isDemanded);
        } else if (given instanceof AnsweredCall<ReqT, RespT> answered) {
            answered.answer(isDemanded);
        }
    }
}
