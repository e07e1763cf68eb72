package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What stands in for the answer of one call: tries one link after another; each that fails is told. */
final class Links<T> {
    private final HttpClient client;
    private final HttpRequest request;
    private final CallersHandler<T> handler;
    private final @Nullable Keeping keeping;
    private final @Nullable Repeat repeat;
    private final Faults faults;
    private final Supplier<@Nullable CompletableFuture<HttpResponse<T>>> caller;
    private final boolean wasSent;
    private final int status;

    /**
     * @param repeat the attempt that failed; null where no call is made again
     * @param caller gives what the application waits for, once there is something
     * @param wasSent whether the target may have seen the request
     * @param status of the answer that the application would get; 0 if there is none, or not all of it
     */
    Links(
            HttpClient client,
            HttpRequest request,
            CallersHandler<T> handler,
            @Nullable Keeping keeping,
            @Nullable Repeat repeat,
            Faults faults,
            Supplier<@Nullable CompletableFuture<HttpResponse<T>>> caller,
            boolean wasSent,
            int status) {
        this.client = client;
        this.request = request;
        this.handler = handler;
        this.keeping = keeping;
        this.repeat = repeat;
        this.faults = faults;
        this.caller = caller;
        this.wasSent = wasSent;
        this.status = status;
    }

    /**
     * The response that a link made with the application's handler; or what the attempt that followed this one ended with,
     * be that an exception.
     */
    static final class Given<T> {
        // read as fields: what hands this on after a fault of ours calls nothing of ours
        final Fallback link;
        final @Nullable HttpResponse<T> response;
        final @Nullable Throwable thrown;

        private Given(Fallback link, @Nullable HttpResponse<T> response, @Nullable Throwable thrown) {
            this.link = link;
            this.response = response;
            this.thrown = thrown;
        }
    }

    static void tooLate(Faults faults, Given<?> made) {
        Asking.close(made.response == null ? null : made.response.body());
        tooLate(faults, made.link);
    }

    static void tooLate(Faults faults, @Nullable Fallback fallback) {
        if (fallback != null) {
            Contained.run(
                    faults,
                    "java-http-client/fallback",
                    () -> fallback.tooLate(new IllegalStateException("the call was over, or its answer being read")));
        }
    }

    /** Fails where none gives anything. */
    CompletableFuture<Given<T>> give(Fallback first) {
        CompletableFuture<Given<T>> given = new CompletableFuture<>();
        give(first, given);
        return given;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    private void give(Fallback link, CompletableFuture<Given<T>> given) {
        Runnable broken = () -> given.completeExceptionally(new IllegalStateException("a fault of the agent"));
        CompletionStage<HttpResponse<T>> made;
        boolean isAsked;
        if (handler.isSpent()) {
            tooLate(faults, link);
            given.completeExceptionally(new IOException("the handler has had another answer"));
            return;
        }
        try {
            Again again = link.again();
            if (again != null) {
                later(link, again, given);
                return;
            }
            Alternate alternate = link.alternate();
            isAsked = alternate != null;
            made = alternate == null ? answer(link) : ask(alternate);
        } catch (Throwable cause) {
            giveNext(link, cause, given);
            return;
        }
        BiConsumer<@Nullable HttpResponse<T>, @Nullable Throwable> then = Contained.stage(
                faults,
                "java-http-client/link",
                (response, cause) -> {
                    if (cause == null && response != null) {
                        given.complete(new Given<>(link, response, null));
                    } else {
                        Throwable why = cause == null ? new IOException("no response") : Endings.unwrap(cause);
                        giveNext(link, why, given);
                    }
                },
                broken);
        if (isAsked) {
            made.whenCompleteAsync(then, given.defaultExecutor());
        } else {
            made.whenComplete(then);
        }
    }

    private void giveNext(Fallback link, Throwable cause, CompletableFuture<Given<T>> given) {
        Fallback next = null;
        try {
            next = link.failed(cause);
        } catch (Throwable fault) {
            faults.report("java-http-client/fallback", fault);
        }
        if (next == null || handler.isSpent()) {
            tooLate(faults, next);
            given.completeExceptionally(cause);
        } else {
            give(next, given);
        }
    }

    private CompletionStage<HttpResponse<T>> answer(Fallback link) {
        Keeping kept = keeping;
        if (link.isSnapshot() && kept != null) {
            return StaticResponse.of(kept.snapshot(link, status), request, handler);
        }
        StaticAnswer answer = link.answer();
        if (answer == null) {
            throw new UnsupportedOperationException("nothing that HTTP can give");
        }
        return StaticResponse.of(answer, request, handler);
    }

    private CompletionStage<HttpResponse<T>> ask(Alternate alternate) throws IOException {
        URI uri = alternate.uri();
        if (uri == null) {
            throw new UnsupportedOperationException("nobody that HTTP can ask");
        }
        HttpRequest rerouted = Rerouted.of(request, uri, alternate::isSent, wasSent);
        return new Asking<>(alternate, handler, () -> BoundedBody.<T>discarded(faults))
                .of(client, rerouted, caller.get());
    }

    /** Waits on no thread, and makes the call again on one where the library may run code of the application. */
    private void later(Fallback link, Again again, CompletableFuture<Given<T>> given) {
        CompletableFuture.delayedExecutor(again.afterNanos(), TimeUnit.NANOSECONDS, given.defaultExecutor())
                .execute(Contained.task(
                        faults,
                        "java-http-client/again",
                        () -> makeAgain(link, again, given),
                        () -> giveNext(link, new IllegalStateException("a fault of the agent"), given)));
    }

    /** The next attempt's end is this one's as well, unless the guard refused it. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    private void makeAgain(Fallback link, Again again, CompletableFuture<Given<T>> given) {
        Repeat attempt = Objects.requireNonNull(repeat);
        CompletableFuture<HttpResponse<T>> out = caller.get();
        if (out != null && out.isDone()) {
            tooLate(faults, link);
            given.completeExceptionally(new CancellationException("the caller waits no longer"));
            return;
        }
        CompletableFuture<HttpResponse<T>> asked;
        try {
            asked = attempt.begin(client, handler, again); // so that this attempt knows too what was shown
        } catch (Exception cause) {
            giveNext(link, cause, given);
            return;
        }
        attempt.next = asked;
        attempt.giveUp(caller.get());
        asked.whenCompleteAsync(
                Contained.stage(
                        faults,
                        "java-http-client/again",
                        (response, thrown) -> {
                            if (thrown != null && again.isRefused()) {
                                given.completeExceptionally(thrown);
                            } else {
                                given.complete(new Given<>(link, response, thrown));
                            }
                        },
                        () -> given.completeExceptionally(new IllegalStateException("a fault of the agent"))),
                given.defaultExecutor());
    }
}
