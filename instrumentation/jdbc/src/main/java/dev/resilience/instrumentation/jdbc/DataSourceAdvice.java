package dev.resilience.instrumentation.jdbc;

import javax.sql.DataSource;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around {@code DataSource.getConnection}. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class DataSourceAdvice {
    @Advice.OnMethodEnter(inline = false, skipOn = Throwable.class, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        return self instanceof DataSource source ? JdbcAdapter.shared().borrow(source) : null;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        return JdbcAdapter.shared().borrowed(entered, returned, thrown);
    }

    private DataSourceAdvice() {}
}
