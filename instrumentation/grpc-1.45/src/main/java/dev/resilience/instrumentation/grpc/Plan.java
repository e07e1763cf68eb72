package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.CancelTimes;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a call when it is created.
 *
 * @param asked the options as the caller gave them
 * @param options the caller's, with the guard's deadline where that ends sooner
 * @param deadline the guard's deadline if gRPC was given it, else null
 * @param cancels how long it takes to end a call at such a deadline
 * @param follows the attempt before it, if it is made again; else null
 * @param clock for a stream that may not take as long as it likes, else null
 */
record Plan(
        Guard guard,
        Faults faults,
        Channel channel,
        MethodDescriptor<?, ?> method,
        CallOptions asked,
        CallOptions options,
        @Nullable Deadline deadline,
        CancelTimes cancels,
        @Nullable Again follows,
        @Nullable StreamClock clock) {

    boolean isUnary() {
        return method.getType() == MethodDescriptor.MethodType.UNARY;
    }
}
