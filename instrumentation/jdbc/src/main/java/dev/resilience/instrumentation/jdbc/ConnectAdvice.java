package dev.resilience.instrumentation.jdbc;

import java.sql.Driver;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around {@code Driver.connect}. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class ConnectAdvice {
    @Advice.OnMethodEnter(inline = false, skipOn = Throwable.class, skipOnIndex = 0, suppress = Throwable.class)
    @Advice.AssignReturned.ToArguments(
            @Advice.AssignReturned.ToArguments.ToArgument(value = 1, index = 2, typing = Assigner.Typing.DYNAMIC))
    static Object @Nullable [] enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.AllArguments Object[] arguments) {
        return self instanceof Driver driver && arguments.length == 2
                ? JdbcAdapter.shared().connect(driver, arguments[0], arguments[1])
                : null;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        return JdbcAdapter.shared().connected(entered, returned, thrown);
    }

    private ConnectAdvice() {}
}
