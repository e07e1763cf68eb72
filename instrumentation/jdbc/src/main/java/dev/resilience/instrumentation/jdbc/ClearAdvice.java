package dev.resilience.instrumentation.jdbc;

import java.sql.PreparedStatement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Notes that nothing is bound any more. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class ClearAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        if (Watched.any() && self instanceof PreparedStatement statement) {
            JdbcAdapter.shared().answers().clear(statement);
        }
        return null;
    }

    private ClearAdvice() {}
}
