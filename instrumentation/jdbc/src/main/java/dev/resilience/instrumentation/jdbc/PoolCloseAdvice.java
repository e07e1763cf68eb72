package dev.resilience.instrumentation.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around the close of a pooled connection: whose loss its user was not told of fails to close in silence too. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class PoolCloseAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        boolean hid = Watched.any()
                && self instanceof Connection connection
                && JdbcAdapter.shared().answers().hidLossOf(connection);
        return hid ? Boolean.TRUE : null;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToThrown(index = 0, typing = Assigner.Typing.DYNAMIC)
    static @Nullable Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered, @Advice.Thrown @Nullable Throwable thrown) {
        boolean isOfLoss = entered != null
                && thrown instanceof SQLException gone
                && SqlEndings.isOfConnection(SqlEndings.state(gone));
        return isOfLoss ? new @Nullable Object[] {null} : null;
    }

    private PoolCloseAdvice() {}
}
