package dev.resilience.testkit.sample;

import java.io.IOException;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Advice that may change an argument: it refuses "refused", and writes every other text in capitals. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
final class ArgumentAdvice {
    @Advice.OnMethodEnter(inline = false, skipOn = Throwable.class, skipOnIndex = 0, suppress = Throwable.class)
    @Advice.AssignReturned.ToArguments(
            @Advice.AssignReturned.ToArguments.ToArgument(value = 0, index = 1, typing = Assigner.Typing.DYNAMIC))
    static Object @Nullable [] enter(
            @Advice.This(typing = Assigner.Typing.DYNAMIC) Object self, @Advice.AllArguments Object[] arguments) {
        String text = String.valueOf(arguments[0]);
        return new Object[] {
            text.equals("refused") ? new IOException(text) : null, text.toUpperCase(java.util.Locale.ROOT)
        };
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        Object refusal = entered instanceof Object[] array ? array[0] : entered;
        return refusal == null ? null : new Object[] {returned, refusal};
    }

    private ArgumentAdvice() {}
}
