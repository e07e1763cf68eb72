package dev.resilience.instrumentation.jdbc;

import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around a pool's opening of a connection: names the pool, and keeps its tests and its initial SQL out. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
final class PoolOpenAdvice {
    private static final String NONE = "";

    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        ThreadLocal<String> pool = Nesting.pool();
        String outer = pool.get();
        pool.set(String.valueOf(self)); // a HikariCP pool calls itself by its name
        Nesting.here()[Nesting.KEPT_OUT]++;
        return outer == null ? NONE : outer;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        if (entered instanceof String outer) {
            Nesting.here()[Nesting.KEPT_OUT]--;
            if (outer.equals(NONE)) {
                Nesting.pool().remove();
            } else {
                Nesting.pool().set(outer);
            }
        }
        return null;
    }

    private PoolOpenAdvice() {}
}
