package dev.resilience.benchmarks;

import dev.resilience.instrumentation.api.Agent;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import java.util.Objects;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** The whole guard: find it, ask it, tell it. The call object is the thread's, so that only the guard's own garbage shows. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
final class GuardedAdvice {
    static {
        Linked.one();
    }

    @Advice.OnMethodEnter(inline = false, skipOn = Throwable.class, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        ReusedCall here = ReusedCall.HERE.get();
        Guard guard = Agent.guards().jdbc(ReusedCall.URL, null);
        if (guard == null) {
            return null;
        }
        Refusal refusal = guard.tryAcquire(here);
        return refusal == null ? here : new IllegalStateException(refusal.message());
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        if (entered instanceof ReusedCall call) {
            Objects.requireNonNull(call.guard()).settle(call, Ending.OK);
        }
        return null;
    }

    private GuardedAdvice() {}
}
