package dev.resilience.instrumentation.jdbc;

import java.sql.PreparedStatement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Notes that nothing is bound, and of which type. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class BindNullAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.Argument(0) int index,
            @Advice.Argument(1) int type) {
        if (Watched.any() && self instanceof PreparedStatement statement) {
            JdbcAdapter.shared().answers().bindNull(statement, index, type);
        }
        return null;
    }

    private BindNullAdvice() {}
}
