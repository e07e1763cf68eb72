package dev.resilience.instrumentation.jdbc;

import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around what tests, ends or settles a connection: the statements a driver runs for it are never guarded. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
final class KeepOutAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        Nesting.here()[Nesting.KEPT_OUT]++;
        return true;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        if (entered != null) {
            Nesting.here()[Nesting.KEPT_OUT]--;
        }
        return null;
    }

    private KeepOutAdvice() {}
}
