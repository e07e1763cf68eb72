package dev.resilience.instrumentation.jdbc;

import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around a pool's wait for a connection: not longer than the budget of the getConnection it serves. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
final class PoolWaitAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    @Advice.AssignReturned.ToArguments(
            @Advice.AssignReturned.ToArguments.ToArgument(value = 0, index = 0, typing = Assigner.Typing.DYNAMIC))
    static Object @Nullable [] enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.AllArguments Object[] arguments) {
        return arguments.length == 1 && arguments[0] instanceof Long millis
                ? new Object[] {JdbcAdapter.shared().waitMillis(millis)}
                : null;
    }

    private PoolWaitAdvice() {}
}
