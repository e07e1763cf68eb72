package dev.resilience.instrumentation.jdbc;

import java.sql.Statement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around what tells of the results of a statement: of those it was given, where the driver has none. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class ResultsAdvice {
    @Advice.OnMethodEnter(inline = false, skipOn = Throwable.class, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        return Watched.any() && self instanceof Statement statement
                ? JdbcAdapter.shared().answers().givenTo(statement)
                : null;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        return entered instanceof Told told ? new Object[] {told.insteadOf(returned), null} : null;
    }

    private ResultsAdvice() {}
}
