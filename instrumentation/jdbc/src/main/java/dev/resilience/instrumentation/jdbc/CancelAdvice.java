package dev.resilience.instrumentation.jdbc;

import java.sql.Statement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Notes that a caller cancels a statement itself. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class CancelAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        if (self instanceof Statement statement) {
            JdbcAdapter.shared().cancelledByCaller(statement);
        }
        return null;
    }

    private CancelAdvice() {}
}
