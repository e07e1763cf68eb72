package dev.resilience.instrumentation.jdbc;

import java.sql.PreparedStatement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Notes what is bound: a whole number of at most 32 bits. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class BindIntAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.Argument(0) int index,
            @Advice.Argument(1) int value) {
        if (Watched.any() && self instanceof PreparedStatement statement) {
            JdbcAdapter.shared().answers().bind(statement, index, value);
        }
        return null;
    }

    private BindIntAdvice() {}
}
