package dev.resilience.agent.weaving;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** The one advice that is inlined: for class files too old to hold an {@code invokedynamic}. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
final class StaticEntry {
    /** Binds the name of the advice that this entry stands for. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface AdviceName {}

    @Advice.OnMethodEnter(skipOn = Throwable.class, suppress = Throwable.class)
    static @Nullable Object enter(
            @AdviceName String advice,
            @Advice.This(optional = true) @Nullable Object self,
            @Advice.AllArguments Object[] arguments) {
        return Dispatch.enter(advice, self, arguments);
    }

    @Advice.OnMethodExit(onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @AdviceName String advice,
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        return Dispatch.exit(advice, entered, returned, thrown);
    }

    /** Stands in for the dispatch class, which lies in {@code java.lang}; replaced before the template is used. */
    static final class Dispatch {
        static @Nullable Object enter(String advice, @Nullable Object self, Object[] arguments) {
            return null;
        }

        static Object @Nullable [] exit(
                String advice, @Nullable Object entered, @Nullable Object returned, @Nullable Throwable thrown) {
            return null;
        }

        private Dispatch() {}
    }

    private StaticEntry() {}
}
