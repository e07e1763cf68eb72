package dev.resilience.instrumentation.jdbc;

import java.sql.PreparedStatement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Notes the text of a prepared statement. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
final class PrepareAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.Argument(value = 0, optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object sql) {
        return Watched.any() ? sql : null;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        if (entered instanceof String sql && returned instanceof PreparedStatement statement) {
            JdbcAdapter.shared().answers().prepared(statement, sql);
        }
        return null;
    }

    private PrepareAdvice() {}
}
