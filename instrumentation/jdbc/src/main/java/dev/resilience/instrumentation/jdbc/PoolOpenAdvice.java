package dev.resilience.instrumentation.jdbc;

import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around a pool's opening of a connection: names the pool, and keeps its tests and its initial SQL out. */
@SuppressWarnings("unused") // read by Byte Buddy, not by Java
final class PoolOpenAdvice {
    @Advice.OnMethodEnter(
            inline = false,
            skipOn = Advice.OnNonDefaultValue.class,
            skipOnIndex = 0,
            suppress = Throwable.class)
    static Object @Nullable [] enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self,
            @Advice.AllArguments Object[] arguments) {
        ThreadLocal<String> pool = Nesting.pool();
        Object[] entered = {null, pool.get()};
        pool.set(String.valueOf(self)); // a HikariCP pool calls itself by its name
        Nesting.here()[Nesting.KEPT_OUT]++;
        return entered;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @Advice.Enter Object @Nullable [] entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        if (entered != null) {
            Nesting.here()[Nesting.KEPT_OUT]--;
            if (entered[1] instanceof String outer) {
                Nesting.pool().set(outer);
            } else {
                Nesting.pool().remove();
            }
        }
        return null;
    }

    private PoolOpenAdvice() {}
}
