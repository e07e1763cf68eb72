package dev.resilience.instrumentation.jdbc;

import java.io.Closeable;
import java.sql.Connection;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around the test of a connection: never guarded itself, but it ends with the getConnection that tests. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
final class ValidityAdvice {
    @Advice.OnMethodEnter(inline = false, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(optional = true, typing = Assigner.Typing.DYNAMIC) @Nullable Object self) {
        Wires wires = Wires.here();
        Object entered = true;
        if (wires != null && self instanceof Connection connection) {
            Closeable wire = () -> JdbcAdapter.shared().abort(connection);
            wires.note(wire);
            entered = wire;
        }
        Nesting.here()[Nesting.KEPT_OUT]++;
        return entered;
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    static Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return(typing = Assigner.Typing.DYNAMIC) @Nullable Object returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        if (entered != null) {
            Nesting.here()[Nesting.KEPT_OUT]--;
        }
        Wires wires = Wires.here();
        if (wires != null && entered instanceof Closeable wire) {
            wires.forget(wire);
        }
        return null;
    }

    private ValidityAdvice() {}
}
