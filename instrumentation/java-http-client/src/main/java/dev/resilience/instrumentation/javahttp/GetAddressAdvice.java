package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Agent;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.http.HttpRequest;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around {@code HttpRequestImpl.getAddress}, where the client looks a name up. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
public final class GetAddressAdvice {
    private static final Names NAMES = new Names(Agent.guards());

    /** The address, or what to throw in its place, or null. */
    @Advice.OnMethodEnter(inline = false, skipOn = Advice.OnNonDefaultValue.class, suppress = Throwable.class)
    static @Nullable Object enter(
            @Advice.This(typing = Assigner.Typing.DYNAMIC) HttpRequest request,
            @Advice.FieldValue("proxy") @Nullable Proxy proxy) {
        return NAMES.addressOf(request, proxy);
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    @Advice.AssignReturned.ToThrown(index = 1, typing = Assigner.Typing.DYNAMIC)
    static @Nullable Object @Nullable [] exit(
            @Advice.Enter @Nullable Object entered,
            @Advice.Return @Nullable InetSocketAddress returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        if (entered == null) {
            return null;
        }
        return entered instanceof Throwable instead
                ? new @Nullable Object[] {null, instead}
                : new @Nullable Object[] {entered, null};
    }

    private GetAddressAdvice() {}
}
