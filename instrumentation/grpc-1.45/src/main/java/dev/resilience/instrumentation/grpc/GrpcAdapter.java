package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.CancelTimes;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.StreamBudgets;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds the guard of a new call and puts it in front of the call's start. What it throws ends where the advice is linked:
 * there a call goes on unguarded, and a library that does not link is left alone from then on.
 */
final class GrpcAdapter {
    /** What gRPC needs between its own threads, no more: an executor of its caller's that is busy is none of the target's. */
    private static final long EARLY_NANOS = 1_000_000;

    private final Guards guards;
    private final CancelTimes cancels = new CancelTimes();

    GrpcAdapter(Guards guards) {
        this.guards = guards;
    }

    /** Returns null for a call to leave alone. */
    @Nullable
    Plan plan(Channel channel, MethodDescriptor<?, ?> method, CallOptions options) {
        if (StillbornCall.isOne(options)) {
            return null;
        }
        String overridden = options.getAuthority();
        Guard guard = guards.grpc(overridden == null ? channel.authority() : overridden, method.getFullMethodName());
        if (guard == null) {
            return null;
        }
        Again follows = Repeat.followed(options);
        Deadline deadline = deadline(guard, method, options, follows);
        StreamClock clock = clock(guard, method);
        CallOptions given = deadline == null ? options : options.withDeadline(deadline);
        return new Plan(
                guard,
                guards.faults(),
                channel,
                method,
                options,
                clock == null ? given : given.withStreamTracerFactory(clock.tracers()),
                deadline,
                cancels,
                follows,
                clock);
    }

    private @Nullable StreamClock clock(Guard guard, MethodDescriptor<?, ?> method) {
        if (method.getType() == MethodDescriptor.MethodType.UNARY) {
            return null;
        }
        StreamBudgets budgets = guard.streamBudgets();
        return budgets == null ? null : new StreamClock(guard, guards.faults(), budgets, method.getType());
    }

    <ReqT, RespT> ClientCall<ReqT, RespT> guarded(ClientCall<ReqT, RespT> call, Plan plan) {
        return new GuardedCall<>(call, plan);
    }

    /**
     * The guard's deadline if gRPC is to keep it: for unary calls, unless it is adaptive or the caller's own ends sooner.
     * It begins to end the call by what that takes earlier. A deadline on a stream would end streams that are meant to live.
     */
    private @Nullable Deadline deadline(
            Guard guard, MethodDescriptor<?, ?> method, CallOptions options, @Nullable Again follows) {
        long budget = follows == null
                ? guard.deadlineNanos()
                : Math.min(guard.deadlineNanos(), Math.max(1, follows.leftNanos()));
        if (budget <= 0 || method.getType() != MethodDescriptor.MethodType.UNARY || guard.isDeadlineAdaptive()) {
            return null;
        }
        Deadline callers = options.getDeadline();
        long early = Math.min(CancelTimes.early(cancels.nanos(), budget), EARLY_NANOS);
        return callers != null && callers.timeRemaining(TimeUnit.NANOSECONDS) <= budget
                ? null
                : Deadline.after(budget - early, TimeUnit.NANOSECONDS);
    }
}
