package dev.resilience.instrumentation.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The executor of a channel's callbacks, which no public method tells: a call whose deadline is over before it starts is
 * closed on it by gRPC itself, and nothing leaves the machine.
 */
record StillbornCall(Channel channel, MethodDescriptor<?, ?> method, CallOptions options) implements Executor {
    private static final CallOptions.Key<Boolean> STILLBORN = CallOptions.Key.create("resilience-stillborn");

    static boolean isOne(CallOptions options) {
        return options.getOption(STILLBORN) != null;
    }

    @Override
    public void execute(Runnable callbacks) {
        start(
                channel.newCall(
                        method, options.withOption(STILLBORN, true).withDeadline(Deadline.after(-1, TimeUnit.SECONDS))),
                callbacks);
    }

    private static <ReqT, RespT> void start(ClientCall<ReqT, RespT> call, Runnable callbacks) {
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        callbacks.run();
                    }
                },
                new Metadata());
    }
}
