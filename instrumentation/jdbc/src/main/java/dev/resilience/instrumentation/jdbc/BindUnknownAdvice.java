package dev.resilience.instrumentation.jdbc;

import java.sql.PreparedStatement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Notes that something is bound which nobody can look at. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class BindUnknownAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.Argument(0) int index) {
        if (Watched.any() && self instanceof PreparedStatement statement) {
            JdbcAdapter.shared().answers().bindUnknown(statement, index);
        }
        return null;
    }

    private BindUnknownAdvice() {}
}
