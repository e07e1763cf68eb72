package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Agent;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.jspecify.annotations.Nullable;

/** Around {@code sendAsync}: hands the call to the adapter, replaces its body handler and its future. */
@SuppressWarnings({"unused", "UnusedVariable"}) // read by Byte Buddy, not by Java
public final class SendAsyncAdvice {
    private static final HttpAdapter ADAPTER = new HttpAdapter(Agent.guards());

    /**
     * Element 0 is the future to answer with at once, 1 the body handler, 2 the executor, 3 the call, and 4 the call its
     * thread was at work for before.
     *
     * @param executor null for the synchronous {@code send}
     */
    @Advice.OnMethodEnter(
            inline = false,
            skipOn = Advice.OnNonDefaultValue.class,
            skipOnIndex = 0,
            suppress = Throwable.class)
    @Advice.AssignReturned.ToArguments({
        @Advice.AssignReturned.ToArguments.ToArgument(value = 1, index = 1, typing = Assigner.Typing.DYNAMIC),
        @Advice.AssignReturned.ToArguments.ToArgument(value = 3, index = 2, typing = Assigner.Typing.DYNAMIC)
    })
    static Object @Nullable [] enter(
            @Advice.This(typing = Assigner.Typing.DYNAMIC) HttpClient client,
            @Advice.Argument(0) HttpRequest request,
            @Advice.Argument(1) BodyHandler<?> handler,
            @Advice.Argument(2) @Nullable PushPromiseHandler<?> pushes,
            @Advice.Argument(3) @Nullable Executor executor) {
        return ADAPTER.enter(client, request, handler, pushes != null, executor);
    }

    @Advice.OnMethodExit(inline = false, onThrowable = Throwable.class, suppress = Throwable.class)
    @Advice.AssignReturned.ToReturned(index = 0, typing = Assigner.Typing.DYNAMIC)
    static Object @Nullable [] exit(
            @Advice.Enter Object @Nullable [] entered,
            @Advice.Return @Nullable CompletableFuture<HttpResponse<?>> returned,
            @Advice.Thrown @Nullable Throwable thrown) {
        return ADAPTER.exit(entered, returned, thrown);
    }

    private SendAsyncAdvice() {}
}
