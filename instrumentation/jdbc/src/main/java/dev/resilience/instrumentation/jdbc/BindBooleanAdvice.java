package dev.resilience.instrumentation.jdbc;

import java.sql.PreparedStatement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Notes what is bound: true or false. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class BindBooleanAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.Argument(0) int index,
            @Advice.Argument(1) boolean value) {
        if (Watched.any() && self instanceof PreparedStatement statement) {
            JdbcAdapter.shared().answers().bind(statement, index, value);
        }
        return null;
    }

    private BindBooleanAdvice() {}
}
