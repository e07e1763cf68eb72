package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.Refusal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Takes a request to its guard, and the library's future to the call that watches it. Never throws. */
final class HttpAdapter {
    private final Guards guards;
    private final Faults faults;

    HttpAdapter(Guards guards) {
        this.guards = guards;
        this.faults = guards.faults();
    }

    <T> Object @Nullable [] enter(
            HttpClient client,
            @Nullable HttpRequest request,
            @Nullable BodyHandler<T> handler,
            boolean hasPushes,
            @Nullable Executor executor) {
        Exchange<T> exchange = null;
        try {
            Guard guard = request == null || handler == null ? null : guardOf(request);
            if (request == null || handler == null || guard == null) {
                return null;
            }
            exchange = new Exchange<>(
                    client,
                    guard,
                    faults,
                    request,
                    handler,
                    hasPushes,
                    executor != null,
                    Asking.isBeginning(),
                    guard.repeats() ? Repeat.beginning() : null);
            Refusal refusal = guard.tryAcquire(exchange);
            if (!exchange.enforces()) {
                return new @Nullable Object[] {null, handler, executor, exchange, null};
            }
            return refusal == null
                    ? admitted(exchange, executor)
                    : new @Nullable Object[] {exchange.refuse(refusal), handler, executor, exchange, null};
        } catch (Throwable fault) {
            faults.report("java-http-client/enter", fault);
            if (exchange != null) {
                exchange.settle(Ending.CANCELLED);
            }
            return null;
        }
    }

    private <T> @Nullable Object[] admitted(Exchange<T> exchange, @Nullable Executor executor) {
        if (!exchange.isTimed()) {
            return new @Nullable Object[] {null, exchange.handler(), executor, exchange, null};
        }
        return executor == null
                ? new @Nullable Object[] {null, exchange.handler(), null, exchange, Names.workFor(exchange)}
                : new @Nullable Object[] {
                    null, exchange.handler(), new AtWork(exchange, executor, faults), exchange, null
                };
    }

    /** A WebSocket's handshake passes here too; what follows it is no call, so none of it is guarded. */
    private @Nullable Guard guardOf(HttpRequest request) {
        if (request.headers().firstValue("Sec-WebSocket-Key").isPresent()) {
            return null;
        }
        URI uri = request.uri();
        return uri == null ? null : guards.http(request.method(), uri);
    }

    @SuppressWarnings("unchecked") // enter made the array; the types of the call's parts agree
    <R> Object @Nullable [] exit(
            Object @Nullable [] entered, @Nullable CompletableFuture<R> returned, @Nullable Throwable thrown) {
        if (entered == null) {
            return null;
        }
        if (entered[0] != null) {
            return new Object[] {entered[0]};
        }
        Exchange<Object> exchange = (Exchange<Object>) entered[3];
        try {
            if (exchange.isTimed() && !exchange.isAsync()) {
                Names.workFor((Exchange<?>) entered[4]);
            }
            if (returned == null) {
                exchange.neverBegan(thrown);
                return null;
            }
            CompletableFuture<?> out =
                    exchange.watch((CompletableFuture<java.net.http.HttpResponse<Object>>) (Object) returned);
            return out == returned ? null : new Object[] {out};
        } catch (Throwable fault) {
            faults.report("java-http-client/exit", fault);
            exchange.settle(Ending.CANCELLED);
            return null;
        }
    }
}
