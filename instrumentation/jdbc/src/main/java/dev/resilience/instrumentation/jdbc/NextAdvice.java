package dev.resilience.instrumentation.jdbc;

import java.sql.ResultSet;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around the step to the next row of a result that is being kept. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class NextAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        return Watched.any() && self instanceof ResultSet rows
                ? JdbcAdapter.shared().answers().copyOf(rows)
                : null;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        if (entered instanceof RowCopy copy) {
            JdbcAdapter.shared().answers().advanced(copy, returned, thrown);
        }
        return null;
    }

    private NextAdvice() {}
}
