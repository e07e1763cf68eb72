package dev.resilience.testkit.sample;

import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Advice whose behaviour the tests set. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
public final class SampleAdvice {
    public static volatile OnEnter onEnter = (self, args) -> null;
    public static volatile OnExit onExit = (entered, returned, thrown) -> null;

    /** What happens at the start of a woven method. */
    public interface OnEnter {
        @Nullable
        Object enter(@Nullable Object self, Object[] arguments);
    }

    /** What happens at the end of a woven method. */
    public interface OnExit {
        Object @Nullable [] exit(@Nullable Object entered, @Nullable Object returned, @Nullable Throwable thrown);
    }

    @Advice.OnMethodEnter(inline = false, skipOn = Throwable.class, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(typing = Assigner.Typing.DYNAMIC) Object self, @Advice.AllArguments Object[] arguments) {
        return onEnter.enter(self, arguments);
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        return onExit.exit(entered, returned, thrown);
    }

    private SampleAdvice() {}
}
