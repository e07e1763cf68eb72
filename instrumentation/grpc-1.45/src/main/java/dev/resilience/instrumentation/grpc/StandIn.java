package dev.resilience.instrumentation.grpc;

import io.grpc.Attributes;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import org.jspecify.annotations.Nullable;

/** A unary call that stands in for one of its caller, and of which it is yet to be known what answers. */
abstract class StandIn<ReqT, RespT> extends ClientCall<ReqT, RespT> {
    // All guarded by this.
    @Nullable
    ReqT request;

    boolean demanded;

    /** What answers, and is told what the caller says from then on. */
    @Nullable
    ClientCall<ReqT, RespT> answer;

    @Override
    public final void start(Listener<RespT> again, Metadata unused) {
        throw new IllegalStateException("Already started");
    }

    @Override
    public final void request(int messages) {
        if (messages < 0) {
            throw new IllegalArgumentException("Number requested must be non-negative");
        }
        ClientCall<ReqT, RespT> given;
        synchronized (this) {
            demanded |= messages > 0;
            given = answer;
        }
        if (given != null) {
            given.request(messages);
        }
    }

    @Override
    public final void sendMessage(ReqT message) {
        synchronized (this) {
            request = message;
        }
    }

    @Override
    public final Attributes getAttributes() {
        return Attributes.EMPTY;
    }
}
