package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Ending;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An alternate being asked, by the application's own client; its guard decides on that as on any other call. */
final class Asking<T> implements BodyHandler<T> {
    /** Set while a call is begun that asks an alternate, which is told of it by nothing else. */
    private static final ThreadLocal<Boolean> BEGINNING = new ThreadLocal<>();

    private final Alternate alternate;
    private final BodyHandler<T> handler;
    private final Supplier<BodySubscriber<T>> discarding;
    private volatile int fault;
    private volatile boolean late;

    /** The body of an answer that is a fault too goes to {@code discarding}. */
    Asking(Alternate alternate, BodyHandler<T> handler, Supplier<BodySubscriber<T>> discarding) {
        this.alternate = alternate;
        this.handler = handler;
        this.discarding = discarding;
    }

    /** Whether the call that this thread begins asks an alternate: said once. */
    static boolean isBeginning() {
        boolean begins = BEGINNING.get() != null;
        if (begins) {
            BEGINNING.remove();
        }
        return begins;
    }

    /**
     * The alternate's answer; fails if there is none in its time, or if it is a fault. Nothing is asked any more once
     * {@code caller} is cancelled.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // a future that is dropped fails nobody
    CompletionStage<HttpResponse<T>> of(
            HttpClient client, HttpRequest request, @Nullable CompletableFuture<HttpResponse<T>> caller) {
        CompletableFuture<HttpResponse<T>> asking = begin(client, request);
        if (caller != null) {
            caller.whenComplete((response, thrown) -> {
                if (caller.isCancelled()) {
                    asking.cancel(true);
                }
            });
        }
        CompletableFuture<HttpResponse<T>> timed = new CompletableFuture<>();
        CompletableFuture<HttpResponse<T>> answered = new CompletableFuture<>();
        asking.whenComplete((response, thrown) -> {
            if (thrown != null) {
                timed.completeExceptionally(thrown);
            } else if (fault != 0) {
                timed.completeExceptionally(new IOException("the alternate answered " + fault));
            } else if (!timed.complete(response)) {
                close(response.body());
            }
        });
        timed.orTimeout(alternate.deadlineNanos(), TimeUnit.NANOSECONDS).whenComplete((response, thrown) -> {
            if (thrown == null) {
                answered.complete(response);
            } else if (thrown instanceof TimeoutException) {
                late = true;
                asking.cancel(true); // before others are told: the handler may be given another answer then
                answered.completeExceptionally(late());
            } else {
                answered.completeExceptionally(thrown);
            }
        });
        return answered;
    }

    private CompletableFuture<HttpResponse<T>> begin(HttpClient client, HttpRequest request) {
        BEGINNING.set(true);
        try {
            return client.sendAsync(request, this);
        } finally {
            BEGINNING.remove();
        }
    }

    private HttpTimeoutException late() {
        return new HttpTimeoutException("the alternate did not answer within "
                + TimeUnit.NANOSECONDS.toMillis(alternate.deadlineNanos()) + "ms");
    }

    /** As its guard is to see that: an alternate that did not answer in its time is no better than another target. */
    Ending whyCancelled() {
        return late ? Ending.failed(Ending.TIMEOUT, late()) : Ending.CANCELLED;
    }

    /** An answer that came too late and that nobody reads keeps its connection. */
    static void close(@Nullable Object body) {
        if (body instanceof AutoCloseable open) {
            try {
                open.close();
            } catch (Exception unclosed) {
                // nobody reads it
            }
        }
    }

    @Override
    public BodySubscriber<T> apply(ResponseInfo info) {
        if (alternate.isFault(Ending.status(info.statusCode()))) {
            fault = info.statusCode();
            return discarding.get();
        }
        return handler.apply(info);
    }
}
