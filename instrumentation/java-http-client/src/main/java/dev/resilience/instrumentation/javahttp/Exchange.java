package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Contained;
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
import java.time.Duration;
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
     *                           take the place of a body nobody has seen.
     *   ANSWERED  -> REPLACED   that fallback takes its place.
     *   ANSWERED  -> OVER       the library's future is handed on.
     *   CALLING   -> STREAMING  the future is complete, the body is not, and there is a deadline: the body decides.
     *   CALLING   -> OVER       success, exception, deadline, drain, or the caller's cancel, whichever is first.
     *   STREAMING -> OVER       the body's end, or the deadline: a body that nobody reads gives its permit back there.
     *
     * Without a deadline the completed future settles the call, be the body consumed or not.
     *
     * Only the winner of a step settles the call and decides what the caller gets. The timer may fire, and the head of
     * the answer may come, before the library has given us its future: the cut and the replacement are kept in fields
     * that watch() reads after publishing the future, and that are written before it is read, so at least one side sees
     * both.
     *
     * Where the library, an executor or a future calls us, a fault of ours is contained, and the application's future
     * follows the library's from then on.
     *
     * The application's code (body handler, subscribers, stages of the future) runs on the threads of the library or of
     * the future's default executor, which is where the library completes its own futures; never on the agent's.
     */
    private static final VarHandle STAGE = ConstantBootstraps.fieldVarHandle(
            MethodHandles.lookup(), "stage", VarHandle.class, Exchange.class, int.class);

    private static final int CALLING = 0;
    private static final int ANSWERED = 1;
    private static final int STREAMING = 2;
    private static final int REPLACED = 3;
    private static final int OVER = 4;

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
    private boolean decided;

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

    /** The response that a fallback makes with the application's handler. */
    private record Replacement<T>(Fallback fallback, CompletionStage<HttpResponse<T>> response) {}

    boolean enforces() {
        return enforces;
    }

    /** What the library is given in place of the application's handler. */
    BodyHandler<T> handler() {
        return new Answered();
    }

    /** On a thread of the library, which has the head of the final answer and wants a subscriber for the body. */
    private final class Answered implements BodyHandler<T> {
        @Override
        public BodySubscriber<T> apply(ResponseInfo info) {
            try {
                BodySubscriber<T> discarded = answered(info.statusCode());
                if (discarded != null) {
                    return discarded;
                }
            } catch (Throwable fault) {
                faults.report("java-http-client/answered", fault);
                replacement = null;
                if (decided && stage == REPLACED) {
                    stage = ANSWERED; // as if there were no fallback
                }
            }
            BodySubscriber<T> theirs = handler.apply(info);
            try {
                return bounded(theirs);
            } catch (Throwable fault) {
                faults.report("java-http-client/body", fault);
                return theirs;
            }
        }
    }

    /** What the caller gets for a call that is not made. */
    CompletableFuture<HttpResponse<T>> refuse(Refusal refusal) {
        IOException thrown = new RefusedException(refusal);
        Fallback fallback = refusal.fallback();
        if (fallback == null) {
            return async ? CompletableFuture.failedFuture(thrown) : new Refused<>(thrown);
        }
        CompletableFuture<HttpResponse<T>> out = new CompletableFuture<>();
        Runnable serving = Contained.task(
                faults,
                "java-http-client/refuse",
                () -> serve(fallback, out, thrown),
                Contained.end(out, null, thrown));
        if (async) {
            out.defaultExecutor().execute(serving);
        } else {
            serving.run();
        }
        return out;
    }

    /**
     * What the synchronous send waits for. It throws what it is given as it is, where send would make another exception
     * of it, with a stack trace, and read its message.
     */
    private static final class Refused<T> extends CompletableFuture<HttpResponse<T>> {
        private final IOException thrown;

        Refused(IOException thrown) {
            this.thrown = thrown;
            completeExceptionally(thrown);
        }

        @Override
        public HttpResponse<T> get() {
            throw Refused.<RuntimeException>unchecked(thrown);
        }

        /** A checked exception past the compiler: send declares it, get() does not. */
        @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
        private static <E extends Throwable> E unchecked(Throwable thrown) throws E {
            throw (E) thrown;
        }
    }

    /** Follows the library's future; returns the one for the application. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    CompletableFuture<HttpResponse<T>> watch(CompletableFuture<HttpResponse<T>> work) {
        if (!enforces) {
            work.whenComplete(Contained.stage(
                    faults,
                    "java-http-client/observed",
                    (response, thrown) -> settle(ending(response, thrown)),
                    () -> settle(Ending.CANCELLED)));
            return work;
        }
        CompletableFuture<HttpResponse<T>> out = work.newIncompleteFuture(); // the JDK's keeps the hook of cancel
        watched = new Watched<>(work, out);
        out.whenComplete(Contained.stage(
                faults,
                "java-http-client/out",
                (response, thrown) -> {
                    if (out.isCancelled() && advance(CALLING, OVER)) {
                        settle(Ending.CANCELLED);
                    }
                },
                () -> {}));
        work.whenComplete(Contained.stage(
                faults,
                "java-http-client/completed",
                (response, thrown) -> completed(out, response, reason(thrown)),
                () -> follow(out, work)));
        Contained.task(faults, "java-http-client/replaced", () -> replace(out), () -> follow(out, work))
                .run();
        Refusal early = cut;
        if (early != null) {
            end(early);
        }
        return out;
    }

    /** After a fault of ours; the body of an answer that was replaced went nowhere. */
    private void follow(CompletableFuture<HttpResponse<T>> out, CompletableFuture<HttpResponse<T>> work) {
        Replacement<T> made = replacement;
        Contained.follow(out, made == null ? work : made.response.toCompletableFuture());
    }

    /** The synchronous send blocks its thread, and may do so for as long as the request may take. */
    @Override
    public long patienceNanos() {
        return async ? 0 : request.timeout().map(Exchange::nanos).orElse(Long.MAX_VALUE);
    }

    /** 292 years at most. */
    private static long nanos(Duration timeout) {
        return TimeUnit.NANOSECONDS.convert(timeout);
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
            Watched<T> futures = watched;
            if (futures != null) {
                follow(futures.out(), futures.work());
            }
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

    /** The head of the final answer is there; returns where its body goes if a fallback takes its place. */
    private @Nullable BodySubscriber<T> answered(int status) {
        this.status = status;
        decided = !isGood(status) && advance(CALLING, ANSWERED);
        Fallback fallback = decided ? settle(Ending.status(status)) : null;
        return fallback != null && isReplacedBy(fallback) ? discarded() : null;
    }

    private static boolean isGood(int status) {
        return status >= 200 && status < 300;
    }

    private BodySubscriber<T> bounded(BodySubscriber<T> theirs) {
        if (deadlineNanos == 0) {
            return theirs;
        }
        BoundedBody<T> bounded = new BoundedBody<>(theirs, faults, this::bodyEnded);
        body = bounded;
        if (decided) {
            // the guard's timer stopped with the settling, but the deadline holds for this body too
            later(deadlineNanos - (System.nanoTime() - begunNanos), () -> expire(bounded));
        }
        return bounded;
    }

    /** Whether the application's handler could take the fallback; if it fails later, so does the call. */
    private boolean isReplacedBy(Fallback fallback) {
        try {
            replacement = new Replacement<>(fallback, StaticResponse.of(fallback.answer(), request, handler));
        } catch (Throwable cause) {
            tell(() -> fallback.failed(cause));
            return false;
        }
        Watched<T> futures = watched;
        if (futures != null) {
            replace(futures.out());
        }
        if (stage == OVER) {
            tooLate(fallback);
        }
        return true;
    }

    /** Whether a fallback takes the place of the answer; it is handed on once, by the first that has it and the future. */
    private boolean replace(CompletableFuture<HttpResponse<T>> out) {
        Replacement<T> made = replacement;
        if (made != null && advance(ANSWERED, REPLACED)) {
            made.response.whenComplete(Contained.stage(
                    faults,
                    "java-http-client/replaced",
                    (given, thrown) -> served(made.fallback, out, given, thrown, thrown),
                    () -> Contained.follow(out, made.response.toCompletableFuture())));
        }
        return made != null;
    }

    private BodySubscriber<T> discarded() {
        BoundedBody<T> rest = new BoundedBody<>(BodySubscribers.replacing(null), faults, thrown -> {});
        later(DISCARD_NANOS, () -> rest.cut(new IOException("replaced by a fallback")));
        return rest;
    }

    private void serve(Fallback fallback, CompletableFuture<HttpResponse<T>> out, Throwable otherwise) {
        try {
            StaticResponse.of(fallback.answer(), request, handler)
                    .whenComplete(Contained.stage(
                            faults,
                            "java-http-client/served",
                            (response, thrown) -> served(fallback, out, response, thrown, otherwise),
                            Contained.end(out, null, otherwise)));
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
        Contained.run(faults, "java-http-client/fallback", news);
    }

    /** The library's future is complete: on the thread that runs the application's stages, so {@code out} ends here. */
    private void completed(
            CompletableFuture<HttpResponse<T>> out, @Nullable HttpResponse<T> response, @Nullable Throwable thrown) {
        BoundedBody<T> streamed = thrown == null ? body : null;
        if (streamed != null && !streamed.isOver() && advance(CALLING, STREAMING)) {
            Contained.end(out, response, null).run();
            if (streamed.isOver()) {
                bodyEnded(streamed.failure());
            }
        } else if (advance(CALLING, OVER)) {
            handOn(settle(ending(response, thrown)), out, response, thrown);
        } else if (!replace(out) && advance(ANSWERED, OVER)) {
            Contained.end(out, response, thrown).run();
        }
    }

    private void handOn(
            @Nullable Fallback fallback,
            CompletableFuture<HttpResponse<T>> out,
            @Nullable HttpResponse<T> response,
            @Nullable Throwable thrown) {
        Runnable handOn = Contained.end(out, response, thrown);
        if (fallback == null) {
            handOn.run();
        } else {
            out.defaultExecutor()
                    .execute(Contained.task(
                            faults, "java-http-client/instead", () -> serveInstead(fallback, out, handOn), handOn));
        }
    }

    /** What the library would have failed with if it had given the body to the application's own subscriber. */
    private @Nullable Throwable reason(@Nullable Throwable thrown) {
        BoundedBody<T> bounded = thrown == null ? null : body;
        Throwable why = bounded == null ? null : bounded.whyGivenUp();
        if (why == null) {
            return thrown;
        }
        return thrown instanceof CompletionException && !(why instanceof CompletionException)
                ? new CompletionException(why)
                : why;
    }

    private void serveInstead(Fallback fallback, CompletableFuture<HttpResponse<T>> out, Runnable handOn) {
        try {
            StaticResponse.of(fallback.answer(), request, handler)
                    .whenComplete(Contained.stage(
                            faults,
                            "java-http-client/instead",
                            (instead, cause) -> {
                                if (cause == null) {
                                    served(fallback, out, instead, null, null);
                                } else {
                                    tell(() -> fallback.failed(cause));
                                    handOn.run();
                                }
                            },
                            handOn));
        } catch (Throwable cause) {
            tell(() -> fallback.failed(cause));
            handOn.run();
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
            out.defaultExecutor().execute(contained(() -> streamed.cut(thrown)));
            return;
        }
        if (!advance(CALLING, OVER)) {
            return;
        }
        Fallback fallback = expired ? settleExpired(thrown) : settle(Ending.CANCELLED);
        if (fallback == null) {
            complete(out, null, thrown);
        } else {
            out.defaultExecutor()
                    .execute(Contained.task(
                            faults,
                            "java-http-client/expired",
                            () -> serve(fallback, out, thrown),
                            Contained.end(out, null, thrown)));
        }
        out.defaultExecutor().execute(contained(() -> stop(futures.work(), thrown)));
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
            tell(() -> fallback.failed(new IllegalStateException("the call was over, or its answer being read")));
        }
    }

    /** From a thread where the application's stages must not run, unless a caller only waits for the future. */
    private void complete(
            CompletableFuture<HttpResponse<T>> out, @Nullable HttpResponse<T> response, @Nullable Throwable thrown) {
        Runnable end = Contained.end(out, response, thrown);
        if (async) {
            out.defaultExecutor().execute(end);
        } else {
            end.run();
        }
    }

    /** By the JDK's own delay thread and pool: the guard's timer knows only calls that are not settled. */
    private void later(long nanos, Runnable task) {
        CompletableFuture.delayedExecutor(Math.max(0, nanos), TimeUnit.NANOSECONDS)
                .execute(contained(task));
    }

    private Runnable contained(Runnable ours) {
        return Contained.task(faults, "java-http-client/cut", ours, () -> {});
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
