package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import java.io.IOException;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One logical call of the client, with its redirects and authentication, from the decision to the end of its body. */
final class Exchange<T> extends Call {
    /*
     * Who may decide how the call ended is one field:
     *
     *   CALLING   -> ANSWERED   the head of an answer outside 2xx is there: it settles the call, so that a fallback can
     *                           take the place of a body nobody has seen. The library's future is then handed on.
     *   ANSWERED  -> OVER       that fallback is handed over.
     *   CALLING   -> STREAMING  the future is complete, the body is not, and there is a deadline: the body decides.
     *   CALLING   -> OVER       success, exception, deadline, drain, or the caller's cancel, whichever is first.
     *   STREAMING -> OVER       the body's end, or the deadline: a body that nobody reads gives its permit back there.
     *
     * Without a deadline the completed future settles the call, be the body consumed or not.
     *
     * Only the winner of a step settles the call and decides what the caller gets. The timer may fire before the
     * library has given us its future: the cut is kept in a field that watch() reads after publishing the future, and
     * cancel() before reading it, so at least one of them sees both.
     *
     * The application's code (body handler, subscribers, stages of the future) runs on the threads of the library or of
     * the future's default executor, which is where the library completes its own futures; never on the agent's.
     */
    private static final VarHandle STAGE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "stage", VarHandle.class, Exchange.class, int.class);

    private static final int CALLING = 0;
    private static final int ANSWERED = 1;
    private static final int STREAMING = 2;
    private static final int OVER = 3;

    /** How long the rest of an answer that was replaced may keep its connection busy. */
    private static final long DISCARD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Guard guard;
    private final Faults faults;
    private final HttpRequest request;
    private final BodyHandler<T> handler;
    private final boolean async;
    private final boolean enforces;
    private final long deadlineNanos;
    private final long begunNanos;

    private volatile int stage = CALLING;
    private volatile @Nullable Refusal cut;
    private volatile @Nullable Watched<T> watched;
    private volatile @Nullable BoundedBody<T> body;
    private volatile @Nullable Replacement<T> replacement;
    private int status;

    Exchange(Guard guard, Faults faults, HttpRequest request, BodyHandler<T> handler, boolean async) {
        this.guard = guard;
        this.faults = faults;
        this.request = request;
        this.handler = handler;
        this.async = async;
        this.enforces = guard.enforces();
        this.deadlineNanos = enforces ? guard.deadlineNanos() : 0;
        this.begunNanos = deadlineNanos == 0 ? 0 : System.nanoTime();
    }

    /** The library's future and the one the application holds. */
    private record Watched<T>(CompletableFuture<HttpResponse<T>> work, CompletableFuture<HttpResponse<T>> out) {}

    /** What the caller gets in place of an answer that was a fault. */
    private record Replacement<T>(Fallback fallback, CompletionStage<HttpResponse<T>> response) {}

    boolean enforces() {
        return enforces;
    }

    /** What the library is given in place of the application's handler. */
    BodyHandler<T> handler() {
        return this::answered;
    }

    /** What the caller gets for a call that is not made. */
    CompletableFuture<HttpResponse<T>> refuse(Refusal refusal) {
        IOException thrown = exception(refusal);
        Fallback fallback = refusal.fallback();
        if (fallback == null) {
            return CompletableFuture.failedFuture(thrown);
        }
        CompletableFuture<HttpResponse<T>> out = new CompletableFuture<>();
        Runnable serving = () -> serve(fallback, out, thrown);
        if (async) {
            out.defaultExecutor().execute(serving);
        } else {
            serving.run();
        }
        return out;
    }

    /** Follows the library's future; returns the one for the application. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here catches its own faults
    CompletableFuture<HttpResponse<T>> watch(CompletableFuture<HttpResponse<T>> work) {
        if (!enforces) {
            work.whenComplete((response, thrown) -> settle(ending(response, thrown)));
            return work;
        }
        CompletableFuture<HttpResponse<T>> out = work.newIncompleteFuture(); // the JDK's keeps the hook of cancel
        watched = new Watched<>(work, out);
        out.whenComplete((response, thrown) -> {
            if (out.isCancelled() && advance(CALLING, OVER)) {
                settle(Ending.CANCELLED);
            }
        });
        work.whenComplete((response, thrown) -> completed(out, response, reason(thrown)));
        deliverReplacement();
        Refusal early = cut;
        if (early != null) {
            end(early);
        }
        return out;
    }

    @Override
    public void cancel(Refusal refusal) {
        try {
            cut = refusal;
            if (watched != null) {
                end(refusal);
            }
        } catch (Throwable fault) {
            faults.report("java-http-client/cancel", fault);
        }
    }

    /** Ends the call in the guard; a fault there is ours, and means no fallback. */
    @Nullable
    Fallback settle(Ending ending) {
        try {
            return guard.settle(this, ending);
        } catch (Throwable fault) {
            faults.report("java-http-client/settle", fault);
            return null;
        }
    }

    private @Nullable Fallback settleExpired(Throwable thrown) {
        try {
            return guard.settleExpired(this, thrown);
        } catch (Throwable fault) {
            faults.report("java-http-client/settleExpired", fault);
            return null;
        }
    }

    private boolean advance(int from, int to) {
        return STAGE.compareAndSet(this, from, to);
    }

    /** The head of the final answer is there: on a thread of the library, which wants a subscriber for the body. */
    private BodySubscriber<T> answered(ResponseInfo info) {
        status = info.statusCode();
        boolean good = status >= 200 && status < 300;
        boolean decided = !good && advance(CALLING, ANSWERED);
        Fallback fallback = decided ? settle(Ending.status(status)) : null;
        if (fallback != null && replace(fallback)) {
            return discarded();
        }
        BodySubscriber<T> theirs = handler.apply(info);
        if (deadlineNanos == 0) {
            return theirs;
        }
        BoundedBody<T> bounded = new BoundedBody<>(theirs, this::bodyEnded);
        body = bounded;
        if (decided) {
            // the guard's timer stopped with the settling, but the deadline holds for this body too
            later(deadlineNanos - (System.nanoTime() - begunNanos), () -> expire(bounded));
        }
        return bounded;
    }

    /** Whether the application's handler could take the answer; if it fails later, so does the call. */
    private boolean replace(Fallback fallback) {
        try {
            replacement = new Replacement<>(fallback, StaticResponse.of(fallback.answer(), request, handler));
        } catch (Throwable cause) {
            tell(() -> fallback.failed(cause));
            return false;
        }
        deliverReplacement();
        return true;
    }

    /** From whoever comes second of {@link #replace} and {@link #watch}. */
    private void deliverReplacement() {
        Watched<T> futures = watched;
        Replacement<T> given = replacement;
        if (futures != null && given != null && advance(ANSWERED, OVER)) {
            given.response()
                    .whenComplete(
                            (response, thrown) -> served(given.fallback(), futures.out(), response, thrown, thrown));
        }
    }

    private BodySubscriber<T> discarded() {
        BoundedBody<T> rest = new BoundedBody<>(BodySubscribers.replacing(null), thrown -> {});
        later(DISCARD_NANOS, () -> rest.cut(new IOException("replaced by a fallback")));
        return rest;
    }

    private void serve(Fallback fallback, CompletableFuture<HttpResponse<T>> out, Throwable otherwise) {
        try {
            StaticResponse.of(fallback.answer(), request, handler)
                    .whenComplete((response, thrown) -> served(fallback, out, response, thrown, otherwise));
        } catch (Throwable cause) {
            served(fallback, out, null, cause, otherwise);
        }
    }

    private void served(
            Fallback fallback,
            CompletableFuture<HttpResponse<T>> out,
            @Nullable HttpResponse<T> response,
            @Nullable Throwable cause,
            @Nullable Throwable otherwise) {
        if (cause == null) {
            tell(fallback::served);
        } else {
            tell(() -> fallback.failed(cause));
        }
        complete(out, cause == null ? response : null, cause == null ? null : otherwise);
    }

    private void tell(Runnable news) {
        try {
            news.run();
        } catch (Throwable fault) {
            faults.report("java-http-client/fallback", fault);
        }
    }

    /** The library's future is complete: on the thread that runs the application's stages, so {@code out} ends here. */
    private void completed(
            CompletableFuture<HttpResponse<T>> out, @Nullable HttpResponse<T> response, @Nullable Throwable thrown) {
        try {
            BoundedBody<T> streamed = thrown == null ? body : null;
            if (streamed != null && !streamed.isOver() && advance(CALLING, STREAMING)) {
                handOn(out, response, null);
                if (streamed.isOver()) {
                    bodyEnded(streamed.failure());
                }
            } else if (advance(CALLING, OVER)) {
                Fallback fallback = settle(ending(response, thrown));
                if (fallback == null) {
                    handOn(out, response, thrown);
                } else {
                    out.defaultExecutor().execute(() -> serveInstead(fallback, out, response, thrown));
                }
            } else if (stage == ANSWERED && replacement == null) {
                handOn(out, response, thrown);
            }
        } catch (Throwable fault) {
            faults.report("java-http-client/completed", fault);
            handOn(out, response, thrown);
        }
    }

    /** What the library would have failed with if it had given the body to the application's own subscriber. */
    private @Nullable Throwable reason(@Nullable Throwable thrown) {
        try {
            BoundedBody<T> bounded = thrown == null ? null : body;
            Throwable why = bounded == null ? null : bounded.whyGivenUp();
            if (why == null) {
                return thrown;
            }
            return thrown instanceof CompletionException && !(why instanceof CompletionException)
                    ? new CompletionException(why)
                    : why;
        } catch (Throwable fault) {
            faults.report("java-http-client/reason", fault);
            return thrown;
        }
    }

    private void serveInstead(
            Fallback fallback,
            CompletableFuture<HttpResponse<T>> out,
            @Nullable HttpResponse<T> response,
            @Nullable Throwable thrown) {
        try {
            StaticResponse.of(fallback.answer(), request, handler).whenComplete((instead, cause) -> {
                if (cause == null) {
                    served(fallback, out, instead, null, null);
                } else {
                    tell(() -> fallback.failed(cause));
                    handOn(out, response, thrown);
                }
            });
        } catch (Throwable cause) {
            tell(() -> fallback.failed(cause));
            handOn(out, response, thrown);
        }
    }

    private void bodyEnded(@Nullable Throwable thrown) {
        if (advance(STREAMING, OVER)) {
            tooLate(settle(thrown == null ? Ending.status(status) : Endings.of(thrown)));
        }
    }

    /** Deadline or drain, on a thread of the agent. */
    private void end(Refusal refusal) {
        Watched<T> futures = watched;
        if (futures == null) {
            return;
        }
        IOException thrown = exception(refusal);
        boolean expired = refusal.reason() == Reason.DEADLINE_EXHAUSTED;
        CompletableFuture<HttpResponse<T>> out = futures.out();
        BoundedBody<T> streamed = body;
        if (streamed != null && advance(STREAMING, OVER)) {
            if (!streamed.isStarved()) {
                tooLate(settle(Ending.status(status)));
            } else {
                tooLate(expired ? settleExpired(thrown) : settle(Ending.CANCELLED));
            }
            out.defaultExecutor().execute(() -> streamed.cut(thrown));
            return;
        }
        if (!advance(CALLING, OVER)) {
            return;
        }
        Fallback fallback = expired ? settleExpired(thrown) : settle(Ending.CANCELLED);
        if (fallback == null) {
            complete(out, null, thrown);
        } else {
            out.defaultExecutor().execute(() -> serve(fallback, out, thrown));
        }
        out.defaultExecutor().execute(() -> stop(futures.work(), thrown));
    }

    /** The deadline of a call settled by the head of its answer. */
    private void expire(BoundedBody<T> bounded) {
        Watched<T> futures = watched;
        if (bounded.isOver() || futures == null) {
            return;
        }
        HttpTimeoutException thrown = new HttpTimeoutException(
                "deadline exhausted while the body of an answer with status " + status + " was received");
        futures.out().completeExceptionally(thrown);
        stop(futures.work(), thrown);
    }

    private void stop(CompletableFuture<HttpResponse<T>> work, Throwable thrown) {
        BoundedBody<T> bounded = body;
        if (bounded != null) {
            bounded.cut(thrown);
        }
        work.cancel(true);
    }

    private void tooLate(@Nullable Fallback fallback) {
        if (fallback != null) {
            tell(() -> fallback.failed(new IllegalStateException("the answer was being read already")));
        }
    }

    private static <T> void handOn(
            CompletableFuture<HttpResponse<T>> out, @Nullable HttpResponse<T> response, @Nullable Throwable thrown) {
        if (thrown == null) {
            out.complete(response);
        } else {
            out.completeExceptionally(thrown);
        }
    }

    /** From a thread where the application's stages must not run, unless a caller only waits for the future. */
    private void complete(
            CompletableFuture<HttpResponse<T>> out, @Nullable HttpResponse<T> response, @Nullable Throwable thrown) {
        if (async) {
            out.defaultExecutor().execute(() -> handOn(out, response, thrown));
        } else {
            handOn(out, response, thrown);
        }
    }

    /** By the JDK's own delay thread and pool: the guard's timer knows only calls that are not settled. */
    private void later(long nanos, Runnable task) {
        try {
            CompletableFuture.delayedExecutor(Math.max(0, nanos), TimeUnit.NANOSECONDS)
                    .execute(task);
        } catch (Throwable fault) {
            faults.report("java-http-client/later", fault);
        }
    }

    private static Ending ending(@Nullable HttpResponse<?> response, @Nullable Throwable thrown) {
        return thrown == null && response != null ? Ending.status(response.statusCode()) : Endings.of(thrown);
    }

    private static IOException exception(Refusal refusal) {
        return refusal.reason() == Reason.DEADLINE_EXHAUSTED
                ? new HttpTimeoutException(refusal.message())
                : new IOException(refusal.message());
    }
}
