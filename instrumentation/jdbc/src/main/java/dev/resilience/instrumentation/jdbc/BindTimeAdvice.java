package dev.resilience.instrumentation.jdbc;

import java.sql.PreparedStatement;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Notes what is bound: a date or time, which by a calendar is another. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class BindTimeAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.Argument(0) int index,
            @Advice.Argument(value = 1, typing = Assigner.Typing.DYNAMIC) @Nullable Object value,
            @Advice.Argument(value = 2, typing = Assigner.Typing.DYNAMIC) @Nullable Object calendar) {
        if (Watched.any() && self instanceof PreparedStatement statement) {
            StatementAnswers answers = JdbcAdapter.shared().answers();
            if (calendar == null) {
                answers.bind(statement, index, value);
            } else {
                answers.bindUnknown(statement, index);
            }
        }
        return null;
    }

    private BindTimeAdvice() {}
}
