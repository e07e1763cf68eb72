package dev.resilience.instrumentation.jdbc;

import java.sql.Statement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around the execute methods of a driver's statements. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class ExecuteAdvice {
    @Advice.OnMethodEnter(inline = false, skipOn = Throwable.class, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.Argument(value = 0, optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object sql) {
        return self instanceof Statement statement ? JdbcAdapter.shared().execute(statement, sql, false) : null;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        return JdbcAdapter.shared().executed(entered, returned, thrown);
    }

    private ExecuteAdvice() {}
}
