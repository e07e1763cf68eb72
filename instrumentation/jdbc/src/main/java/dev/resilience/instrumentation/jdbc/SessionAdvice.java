package dev.resilience.instrumentation.jdbc;

import java.sql.Connection;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Notes that a connection is told something that changes what its statements mean. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class SessionAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        if (Watched.any() && self instanceof Connection connection) {
            JdbcAdapter.shared().answers().changed(connection);
        }
        return null;
    }

    private SessionAdvice() {}
}
