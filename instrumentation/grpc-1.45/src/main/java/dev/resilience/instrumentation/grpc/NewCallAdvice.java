package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Agent;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around {@code RealChannel.newCall}: gives the call its deadline, and wraps it so that a guard decides on its start. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class NewCallAdvice {
    private static final GrpcAdapter ADAPTER = new GrpcAdapter(Agent.guards());

    /** Returns nothing to skip with, the options to go on with, and what exit needs; or null to leave the call alone. */
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    @Advice.AssignReturned.ToArguments(
            @Advice.AssignReturned.ToArguments.ToArgument(value = 1, index = 1, typing = Assigner.Typing.DYNAMIC))
    static @Nullable Object @Nullable [] enter(
            @Advice.This(typing = Assigner.Typing.DYNAMIC) Channel channel,
            @Advice.Argument(0) MethodDescriptor<?, ?> method,
            @Advice.Argument(1) CallOptions options) {
        Plan plan = ADAPTER.plan(channel, method, options);
        return plan == null ? null : new @Nullable Object[] {null, plan.options(), plan};
    }

    @Advice.OnMethodExit(inline = false, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(@Advice.Enter Object @Nullable [] entered, @Advice.Return ClientCall<?, ?> call) {
        return entered == null ? null : new Object[] {ADAPTER.guarded(call, (Plan) entered[2])};
    }

    private NewCallAdvice() {}
}
