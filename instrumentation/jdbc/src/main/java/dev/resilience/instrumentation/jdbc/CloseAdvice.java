package dev.resilience.instrumentation.jdbc;

import java.sql.Statement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** A statement is closed, and with it the rows it was given. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class CloseAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        if (Watched.any() && self instanceof Statement statement) {
            JdbcAdapter.shared().answers().takeBack(statement);
        }
        return null;
    }

    private CloseAdvice() {}
}
