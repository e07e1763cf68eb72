package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Attempt;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Lookup;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.RequestFacts;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.io.IOException;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** One logical call of the client, with its redirects and authentication, from the decision to the end of its body. */
final class Exchange<T> extends Call {
    /*
     * Who may decide how the call ended is one field:
     *
     *   CALLING   -> ANSWERED   the head of an answer outside 2xx is there: it settles the call, so that a fallback can
     *                           take the place of a body nobody has seen.
     *   ANSWERED  -> REPLACED   that fallback takes its place. While it asks somebody else, the body waits (HeldBody): if
     *                           nobody answers, the application's handler gets it as it came.
     *   ANSWERED  -> OVER       the library's future is handed on.
     *   CALLING   -> STREAMING  the future is complete, the body is not, and there is a deadline, or bodies were what
     *                           opened the circuit: the body decides.
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

    /** Those of the JDK that collect a body for themselves, or drop it. */
    private static final Set<String> REPEATABLE = Set.of(
            "jdk.internal.net.http.ResponseSubscribers$ByteArraySubscriber",
            "jdk.internal.net.http.ResponseSubscribers$HttpResponseInputStream",
            "jdk.internal.net.http.ResponseSubscribers$NullSubscriber");

    /** How long the rest of an answer that was replaced may keep its connection busy. */
    private static final long DISCARD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final HttpClient client;
    private final Guard guard;
    private final Faults faults;
    private final HttpRequest request;
    private final BodyHandler<T> handler;
    private final boolean async;

    /** Whether it asks an alternate, and so has no fallback of its own. */
    private final boolean isAlternate;

    private final boolean enforces;
    private final @Nullable Keeping keeping;
    private final @Nullable Repeat repeat;
    /** For the answer; 0 where there is none. */
    private final long budgetNanos;

    /** For the answer and its body; 0 where a body is not bounded. */
    private final long deadlineNanos;

    private final long begunNanos;

    private volatile int stage = CALLING;
    private volatile @Nullable Refusal cut;
    private volatile @Nullable Thread waiting;
    private volatile @Nullable Watched<T> watched;
    /** What the application waits for, once there is something. */
    private volatile @Nullable CompletableFuture<HttpResponse<T>> caller;

    private volatile @Nullable BoundedBody<T> body;
    private volatile @Nullable BodyClock silence;
    private volatile @Nullable CompletableFuture<Given<T>> instead;
    /** Whether the caller gets what comes of the chain, and never what the library makes of a body that was cut. */
    private volatile boolean isEndedByChain;

    private int status;
    /** What the caller would get; 0 unless all of that is there, or a fallback may take its place before it is. */
    private volatile int answeredWith;

    private boolean decided;
    /** How long after its beginning the head of a settled answer was there. */
    private long answeredNanos;

    /** Whether the handler made a subscriber of the kind that another answer would harm. */
    private volatile boolean spent;

    /** The thread that is in the application's handler; read long after it was written, if at all. */
    private @Nullable Thread handling;

    Exchange(
            HttpClient client,
            Guard guard,
            Faults faults,
            HttpRequest request,
            BodyHandler<T> handler,
            boolean hasPushes,
            boolean async,
            boolean isAlternate,
            @Nullable Again follows) {
        this.client = client;
        this.isAlternate = isAlternate;
        this.guard = guard;
        this.faults = faults;
        this.request = request;
        this.handler = handler;
        this.async = async;
        this.enforces = guard.enforces();
        this.keeping = keeping(guard, faults, client, request);
        this.repeat = isAlternate || !guard.repeats() ? null : new Repeat(request, follows, hasPushes);
        this.budgetNanos = enforces ? Repeat.within(guard.deadlineNanos(), follows) : 0;
        this.deadlineNanos = enforces && !guard.isDeadlineAdaptive() ? budgetNanos : 0;
        this.begunNanos = deadlineNanos == 0 ? 0 : System.nanoTime();
    }

    /** A fault there keeps nothing. */
    private static @Nullable Keeping keeping(Guard guard, Faults faults, HttpClient client, HttpRequest request) {
        try {
            return Keeping.of(guard, faults, client, request);
        } catch (Throwable fault) {
            faults.report("java-http-client/keeping", fault);
            return null;
        }
    }

    /** The library's future and the one the application holds. */
    private record Watched<T>(CompletableFuture<HttpResponse<T>> work, CompletableFuture<HttpResponse<T>> out) {}

    /**
     * The response that a link of the chain made with the application's handler; or what the attempt that followed this
     * one ended with, be that an exception.
     */
    private record Given<T>(
            Fallback link,
            @Nullable HttpResponse<T> response,
            @Nullable Throwable thrown) {}

    boolean enforces() {
        return enforces;
    }

    boolean isAsync() {
        return async;
    }

    /** Whether it has a deadline. */
    boolean isTimed() {
        return budgetNanos != 0;
    }

    /** Whether its deadline, or a drain, has ended it, which its caller may not have been told. */
    boolean isCut() {
        return cut != null;
    }

    /** Until the name is looked up or the call is cut; should nobody cut it, not much longer than its deadline. */
    void await(Lookup lookup) {
        long began = System.nanoTime();
        waiting = Thread.currentThread();
        try {
            Lookup.await(
                    List.of(lookup), () -> cut != null || System.nanoTime() - began > budgetNanos + Lookup.LOOK_NANOS);
        } finally {
            waiting = null;
        }
    }

    /** What the library is given in place of the application's handler. */
    BodyHandler<T> handler() {
        return new Answered();
    }

    /**
     * The application's handler, which may be given a second answer only if nothing shows of the first: its subscriber is
     * dropped with what it has collected. Others may write to a file, or to a subscriber of the application's.
     */
    private final class Handler implements BodyHandler<T> {
        @Override
        public BodySubscriber<T> apply(ResponseInfo info) {
            Repeat attempt = repeat;
            if (attempt != null) {
                attempt.shown = true;
            }
            BodySubscriber<T> theirs = handler.apply(info);
            Contained.run(faults, "java-http-client/handler", () -> {
                spent |= !REPEATABLE.contains(theirs.getClass().getName());
                if (attempt != null) {
                    attempt.shown = spent || !attempt.isAnsweredAlike();
                }
            });
            return theirs;
        }
    }

    /** On a thread of the library, which has the head of the final answer and wants a subscriber for the body. */
    private final class Answered implements BodyHandler<T> {
        @Override
        public BodySubscriber<T> apply(ResponseInfo info) {
            try {
                BodySubscriber<T> elsewhere = answered(info);
                if (elsewhere != null) {
                    return elsewhere;
                }
            } catch (Throwable fault) {
                faults.report("java-http-client/answered", fault);
                instead = null;
                if (decided && stage == REPLACED) {
                    stage = ANSWERED; // as if there were no fallback
                }
            }
            BodySubscriber<T> theirs;
            handling = Thread.currentThread();
            try {
                theirs = new Handler().apply(info);
            } finally {
                handling = null;
            }
            try {
                return bounded(kept(theirs, info), info);
            } catch (Throwable fault) {
                faults.report("java-http-client/body", fault);
                return theirs;
            }
        }
    }

    private BodySubscriber<T> kept(BodySubscriber<T> theirs, ResponseInfo info) {
        Keeping kept = keeping;
        try {
            return kept == null ? theirs : kept.copying(request, info, theirs);
        } catch (Throwable fault) {
            faults.report("java-http-client/keep", fault);
            return theirs;
        }
    }

    /** Nothing of the chain was given, for this cause. */
    private void giveToCaller(HeldBody<T> held, ResponseInfo info, @Nullable Throwable cause) {
        if (spent) {
            held.fail(cause == null ? new IOException("the handler has had another answer") : cause);
            return;
        }
        BodySubscriber<T> theirs;
        try {
            theirs = new Handler().apply(info);
        } catch (Throwable thrown) { // the application's
            held.fail(thrown);
            return;
        }
        BodySubscriber<T> taker = theirs;
        try {
            taker = bounded(theirs, info);
        } catch (Throwable fault) {
            faults.report("java-http-client/body", fault);
        }
        held.giveTo(taker);
    }

    /** What the caller gets for a call that is not made. */
    CompletableFuture<HttpResponse<T>> refuse(Refusal refusal) {
        IOException thrown = new RefusedException(refusal);
        Fallback fallback = usable(refusal.fallback());
        if (fallback == null) {
            return async ? CompletableFuture.failedFuture(thrown) : new Refused<>(thrown);
        }
        CompletableFuture<HttpResponse<T>> out = new CompletableFuture<>();
        caller = out;
        Runnable otherwise = Contained.end(out, null, thrown);
        Runnable serving = Contained.task(
                faults, "java-http-client/refuse", () -> serve(fallback, false, out, otherwise), otherwise);
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

    /**
     * What the synchronous send waits for. Its thread looks for itself whether the deadline is over: else a late caller
     * would have waited for two threads to be woken, the timer's and its own.
     */
    private final class Awaited extends CompletableFuture<HttpResponse<T>> {
        private final CompletableFuture<HttpResponse<T>> out;

        Awaited(CompletableFuture<HttpResponse<T>> out) {
            this.out = out;
        }

        @Override
        public HttpResponse<T> get() throws InterruptedException, ExecutionException {
            try {
                while (!out.isDone()) {
                    long left;
                    try {
                        left = guard.cutIfDue(Exchange.this);
                    } catch (Throwable fault) {
                        faults.report("java-http-client/await", fault);
                        break;
                    }
                    if (left == Long.MAX_VALUE) {
                        break;
                    }
                    try {
                        return out.get(left, TimeUnit.NANOSECONDS);
                    } catch (TimeoutException due) {
                        // it is looked at again
                    }
                }
                return out.get();
            } finally {
                try {
                    guard.isLeft(Exchange.this); // its body may still come
                } catch (Throwable fault) {
                    faults.report("java-http-client/await", fault);
                }
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            return out.cancel(mayInterruptIfRunning);
        }
    }

    /** Follows the library's future; returns the one for the application. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    CompletableFuture<HttpResponse<T>> watch(CompletableFuture<HttpResponse<T>> work) {
        if (!enforces) {
            work.whenComplete(Contained.stage(
                    faults,
                    "java-http-client/observed",
                    (response, thrown) -> {
                        settle(ending(response, thrown));
                        if (keeping != null) {
                            keeping.observed(response);
                        }
                    },
                    () -> settle(Ending.CANCELLED)));
            return work;
        }
        CompletableFuture<HttpResponse<T>> out = work.newIncompleteFuture(); // the JDK's keeps the hook of cancel
        caller = out;
        watched = new Watched<>(work, out);
        out.whenComplete(Contained.stage(
                faults,
                "java-http-client/out",
                (response, thrown) -> {
                    if (out.isCancelled()) {
                        unwatch();
                        Ending why = whyCancelled();
                        if (advance(CALLING, OVER)) {
                            settle(why);
                        }
                    }
                    giveUp();
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
        return async || !isTimed() || out.isDone() ? out : new Awaited(out);
    }

    /** After a fault of ours. */
    @SuppressWarnings("FutureReturnValueIgnored") // it completes a future, which does not throw
    private void follow(CompletableFuture<HttpResponse<T>> out, CompletableFuture<HttpResponse<T>> work) {
        work.whenComplete((response, thrown) -> endAs(out, Contained.end(out, response, thrown)));
    }

    /** By what a fallback gave, as the body of an answer that was replaced went nowhere; else as the library did. */
    @SuppressWarnings("FutureReturnValueIgnored") // as above
    private void endAs(CompletableFuture<HttpResponse<T>> out, Runnable otherwise) {
        CompletableFuture<Given<T>> given = instead;
        if (given == null) {
            if (!isEndedByChain) {
                otherwise.run();
            }
        } else {
            given.whenComplete(
                    (made, cause) -> (made == null ? otherwise : Contained.end(out, made.response, made.thrown)).run());
        }
    }

    @Override
    public @Nullable Again follows() {
        Repeat attempt = repeat;
        return attempt == null ? null : attempt.follows();
    }

    @Override
    public @Nullable Attempt attempt() {
        return repeat;
    }

    @Override
    public long requestHash() {
        BodyPublisher sent = request.bodyPublisher().orElse(null);
        boolean isInBody = sent != null && !(Rerouted.isOfJdk(sent) && sent.contentLength() == 0);
        return isInBody
                ? 0 // nobody reads there what is asked for
                : ((long) request.method().hashCode() << 32) ^ request.uri().hashCode();
    }

    @Override
    public RequestFacts facts() {
        return new Asked(request);
    }

    /** The synchronous send blocks its thread, and may do so for as long as the request may take. */
    @Override
    public long patienceNanos() {
        return async ? 0 : leftToCallerNanos(0);
    }

    /** The client's own ends with the head of an answer. */
    @Override
    public long leftToCallerNanos(long elapsedNanos) {
        boolean isOver = status != 0 && !decided;
        return isOver
                ? Long.MAX_VALUE
                : request.timeout().map(given -> nanos(given) - elapsedNanos).orElse(Long.MAX_VALUE);
    }

    /**
     * Cut, it is over for its caller and for the library; only code of the application may still be held up: its handler,
     * its subscriber, or whatever keeps the client from giving us a future.
     */
    @Override
    public boolean isWorking() {
        return watched == null ? super.isWorking() : inApplication() != null;
    }

    @Override
    public @Nullable Thread worker() {
        return watched == null ? super.worker() : inApplication();
    }

    private @Nullable Thread inApplication() {
        BoundedBody<T> bounded = body;
        Thread delivering = bounded == null ? null : bounded.delivering();
        return delivering == null ? handling : delivering;
    }

    /** 292 years at most. */
    private static long nanos(Duration timeout) {
        return TimeUnit.NANOSECONDS.convert(timeout);
    }

    @Override
    public void cancel(Refusal refusal) {
        try {
            cut = refusal;
            LockSupport.unpark(waiting);
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
            return usable(guard.settle(this, ending));
        } catch (Throwable fault) {
            faults.report("java-http-client/settle", fault);
            return null;
        }
    }

    private @Nullable Fallback settleExpired(Throwable thrown) {
        return settleExpired(this, thrown);
    }

    /** {@code expired} is this call, or the clock of its body. */
    private @Nullable Fallback settleExpired(Call expired, Throwable thrown) {
        try {
            return usable(guard.settleExpired(expired, thrown));
        } catch (Throwable fault) {
            faults.report("java-http-client/settleExpired", fault);
            return null;
        }
    }

    /** An alternate has no fallback: two policies that name each other would ask for ever. */
    private @Nullable Fallback usable(@Nullable Fallback fallback) {
        if (fallback != null && isAlternate) {
            tell(() -> fallback.tooLate(new IllegalStateException("it was asked as the alternate of another")));
            return null;
        }
        return fallback;
    }

    /** An alternate's call is cancelled by its time as well. */
    private Ending whyCancelled() {
        return handler instanceof Asking<?> asking ? asking.whyCancelled() : Ending.CANCELLED;
    }

    private boolean advance(int from, int to) {
        return STAGE.compareAndSet(this, from, to);
    }

    /** The head of the final answer is there; returns where its body goes unless the application gets it at once. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    private @Nullable BodySubscriber<T> answered(ResponseInfo info) {
        status = info.statusCode();
        decided = !isGood(status) && advance(CALLING, ANSWERED);
        answeredNanos = deadlineNanos == 0 ? 0 : System.nanoTime() - begunNanos;
        answeredWith = decided ? status : 0;
        if (decided && repeat != null) {
            Contained.run(faults, "java-http-client/retry-after", () -> repeat.answered(info));
        }
        Fallback fallback = decided ? settle(Ending.status(status)) : null;
        if (fallback == null) {
            return null;
        }
        CompletableFuture<Given<T>> given = give(fallback, true);
        boolean isKnown = given.isDone();
        if (isKnown && given.isCompletedExceptionally()) {
            return null;
        }
        instead = given;
        Watched<T> futures = watched;
        if (futures != null) {
            replace(futures.out());
        }
        if (isKnown) {
            return discarded();
        }
        HeldBody<T> held = new HeldBody<>();
        given.whenComplete(Contained.stage(
                faults,
                "java-http-client/held",
                (made, cause) -> {
                    if (made == null) {
                        giveToCaller(held, info, cause);
                    } else {
                        held.giveTo(discarded());
                    }
                },
                () -> held.fail(new IOException("the body of the answer could not be handed on"))));
        return held;
    }

    private static boolean isGood(int status) {
        return status >= 200 && status < 300;
    }

    private BodySubscriber<T> bounded(BodySubscriber<T> theirs, ResponseInfo info) {
        guard.answering(this);
        long silenceNanos = enforces ? BodyClock.silenceNanos(guard, info) : 0;
        if (deadlineNanos == 0 && silenceNanos == 0) {
            return theirs;
        }
        BoundedBody<T> bounded = new BoundedBody<>(theirs, faults, this::bodyEnded);
        body = bounded;
        if (silenceNanos != 0) {
            Contained.run(faults, "java-http-client/silence", () -> time(bounded, silenceNanos));
        }
        if (decided && deadlineNanos != 0) {
            // the guard's timer stopped with the settling, but the deadline holds for this body too, which has what was
            // left of it when its head came: whoever was asked meanwhile had a deadline of his own
            later(deadlineNanos - answeredNanos, () -> expire(bounded));
        }
        return bounded;
    }

    private void time(BoundedBody<T> bounded, long silenceNanos) {
        BodyClock clock = new BodyClock(
                guard,
                faults,
                silenceNanos,
                bounded,
                client.executor().orElse(null),
                () -> watched != null,
                this::stall);
        silence = clock;
        bounded.timedBy(clock);
        clock.begin(this);
    }

    /** Hands on what a fallback gives in place of the answer, once it is there and the future too. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    private void replace(CompletableFuture<HttpResponse<T>> out) {
        CompletableFuture<Given<T>> given = instead;
        if (given != null) {
            given.whenComplete(Contained.stage(
                    faults,
                    "java-http-client/replaced",
                    (made, cause) -> {
                        if (made != null && advance(ANSWERED, REPLACED)) {
                            served(made, out);
                        } else if (made != null && stage == OVER) {
                            tooLate(made);
                        }
                    },
                    () -> endAs(out, () -> {})));
        }
    }

    private BodySubscriber<T> discarded() {
        BoundedBody<T> rest = new BoundedBody<>(BodySubscribers.replacing(null), faults, thrown -> {});
        later(DISCARD_NANOS, () -> rest.cut(new IOException("replaced by a fallback")));
        return rest;
    }

    /** Answers with the first link that gives something; {@code otherwise} happens if none does. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    private void serve(Fallback fallback, boolean wasSent, CompletableFuture<HttpResponse<T>> out, Runnable otherwise) {
        give(fallback, wasSent)
                .whenComplete(Contained.stage(
                        faults,
                        "java-http-client/served",
                        (made, cause) -> {
                            if (made == null) {
                                otherwise.run();
                            } else {
                                served(made, out);
                            }
                        },
                        otherwise));
    }

    private void served(Given<T> made, CompletableFuture<HttpResponse<T>> out) {
        if (out.isDone()) {
            tooLate(made);
        } else {
            tell(made.link::served);
            complete(out, made.response, made.thrown);
        }
    }

    /** Tries one link after another; each that fails is told. */
    private CompletableFuture<Given<T>> give(Fallback first, boolean wasSent) {
        CompletableFuture<Given<T>> given = new CompletableFuture<>();
        give(first, wasSent, given);
        return given;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    private void give(Fallback link, boolean wasSent, CompletableFuture<Given<T>> given) {
        Runnable broken = () -> given.completeExceptionally(new IllegalStateException("a fault of the agent"));
        CompletionStage<HttpResponse<T>> made;
        boolean isAsked;
        if (spent) {
            tooLate(link);
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
            made = alternate == null ? answer(link) : ask(alternate, wasSent);
        } catch (Throwable cause) {
            giveNext(link, cause, wasSent, given);
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
                        giveNext(link, why, wasSent, given);
                    }
                },
                broken);
        if (isAsked) {
            made.whenCompleteAsync(then, given.defaultExecutor());
        } else {
            made.whenComplete(then);
        }
    }

    /** Waits on no thread, and makes the call again on one where the library may run code of the application. */
    private void later(Fallback link, Again again, CompletableFuture<Given<T>> given) {
        CompletableFuture.delayedExecutor(again.afterNanos(), TimeUnit.NANOSECONDS, given.defaultExecutor())
                .execute(Contained.task(
                        faults,
                        "java-http-client/again",
                        () -> makeAgain(link, again, given),
                        () -> giveNext(link, new IllegalStateException("a fault of the agent"), true, given)));
    }

    /** The next attempt's end is this one's as well, unless the guard refused it. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    private void makeAgain(Fallback link, Again again, CompletableFuture<Given<T>> given) {
        Repeat attempt = Objects.requireNonNull(repeat);
        CompletableFuture<HttpResponse<T>> out = caller;
        if (out != null && out.isDone()) {
            tooLate(link);
            given.completeExceptionally(new CancellationException("the caller waits no longer"));
            return;
        }
        CompletableFuture<HttpResponse<T>> asked;
        try {
            asked = attempt.begin(client, new Handler(), again); // so that this attempt knows too what was shown
        } catch (Exception cause) {
            giveNext(link, cause, true, given);
            return;
        }
        attempt.next = asked;
        giveUp();
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

    /** Who cancelled this attempt has cancelled the next. */
    private void giveUp() {
        Repeat attempt = repeat;
        CompletableFuture<?> follower = attempt == null ? null : attempt.next;
        CompletableFuture<HttpResponse<T>> out = caller;
        if (follower != null && out != null && out.isCancelled()) {
            follower.cancel(true);
        }
    }

    private void giveNext(Fallback link, Throwable cause, boolean wasSent, CompletableFuture<Given<T>> given) {
        Fallback next = null;
        try {
            next = link.failed(cause);
        } catch (Throwable fault) {
            faults.report("java-http-client/fallback", fault);
        }
        if (next == null || spent) {
            tooLate(next);
            given.completeExceptionally(cause);
        } else {
            give(next, wasSent, given);
        }
    }

    private CompletionStage<HttpResponse<T>> answer(Fallback link) {
        Keeping kept = keeping;
        if (link.isSnapshot() && kept != null) {
            return StaticResponse.of(kept.snapshot(link, answeredWith), request, new Handler());
        }
        StaticAnswer answer = link.answer();
        if (answer == null) {
            throw new UnsupportedOperationException("nothing that HTTP can give");
        }
        return StaticResponse.of(answer, request, new Handler());
    }

    private CompletionStage<HttpResponse<T>> ask(Alternate alternate, boolean wasSent) throws IOException {
        URI uri = alternate.uri();
        if (uri == null) {
            throw new UnsupportedOperationException("nobody that HTTP can ask");
        }
        HttpRequest rerouted = Rerouted.of(request, uri, alternate::isSent, wasSent);
        return new Asking<>(alternate, new Handler(), this::discarded).of(client, rerouted, caller);
    }

    private void tell(Runnable news) {
        Contained.run(faults, "java-http-client/fallback", news);
    }

    /** The library's future is complete: on the thread that runs the application's stages, so {@code out} ends here. */
    private void completed(
            CompletableFuture<HttpResponse<T>> out, @Nullable HttpResponse<T> response, @Nullable Throwable thrown) {
        if (keeping != null) {
            keeping.answered(response);
        }
        Refusal cause = thrown == null ? null : cut;
        if (cause != null) {
            end(cause); // what the cut made of the library's work may be here before it
        }
        BoundedBody<T> streamed = thrown == null ? body : null;
        boolean isBodyDecisive = streamed != null && (deadlineNanos != 0 || guard.awaitsEnd(this));
        if (thrown == null && repeat != null) {
            repeat.shown = true; // its body may be read from now on
        }
        if (streamed != null && isBodyDecisive && !streamed.isOver() && advance(CALLING, STREAMING)) {
            Contained.end(out, response, null).run();
            if (streamed.isOver()) {
                bodyEnded(streamed.failure());
            }
        } else if (advance(CALLING, OVER)) {
            answeredWith = response == null ? 0 : response.statusCode();
            Ending ending = ending(response, thrown);
            handOn(settle(ending.equals(Ending.CANCELLED) ? whyCancelled() : ending), out, response, thrown);
        } else {
            afterChain(out, Contained.end(out, response, thrown));
        }
    }

    /** What the library made of an answer whose fallback is still being looked for is handed on if there is none. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is registered here is contained
    private void afterChain(CompletableFuture<HttpResponse<T>> out, Runnable handOn) {
        CompletableFuture<Given<T>> given = instead;
        if (given == null) {
            if (advance(ANSWERED, OVER)) {
                handOn.run();
            }
            return;
        }
        given.whenComplete(Contained.stage(
                faults,
                "java-http-client/completed",
                (made, cause) -> {
                    if (made == null && advance(ANSWERED, OVER)) {
                        handOn.run();
                    }
                },
                () -> endAs(out, handOn)));
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
                            faults, "java-http-client/instead", () -> serve(fallback, true, out, handOn), handOn));
        }
    }

    /** What the library would have failed with if it had given the body to the application's own subscriber. */
    private @Nullable Throwable reason(@Nullable Throwable thrown) {
        BoundedBody<T> bounded = thrown == null ? null : body;
        Throwable why = bounded == null ? null : bounded.whyGivenUp();
        if (why == null && thrown != null && keeping != null) {
            why = keeping.whyGivenUp();
        }
        if (why == null) {
            return thrown;
        }
        return thrown instanceof CompletionException && !(why instanceof CompletionException)
                ? new CompletionException(why)
                : why;
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
        boolean expired = refusal.reason().isTimeout();
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
            Runnable otherwise = Contained.end(out, null, thrown);
            out.defaultExecutor()
                    .execute(Contained.task(
                            faults,
                            "java-http-client/expired",
                            () -> serve(fallback, true, out, otherwise),
                            otherwise));
        }
        out.defaultExecutor().execute(contained(() -> stop(futures.work(), thrown)));
    }

    /** The body is silent, on the guard's timer: the rest is as at a deadline, but that it may be over for its caller. */
    private void stall(Refusal refusal) {
        Watched<T> futures = watched;
        BoundedBody<T> silent = body;
        BodyClock clock = silence;
        if (futures == null || silent == null || clock == null) {
            return;
        }
        IOException thrown = exception(refusal);
        CompletableFuture<HttpResponse<T>> out = futures.out();
        CompletableFuture<HttpResponse<T>> work = futures.work();
        Executor elsewhere = out.defaultExecutor();
        Runnable telling = silent.cutting(thrown);
        if (telling == null) {
            return; // it came to its end meanwhile
        }
        // from here on it has to end: nothing more comes to it
        try {
            settleStalled(clock, thrown, out);
        } catch (Throwable fault) {
            faults.report("java-http-client/stall", fault);
            elsewhere.execute(Contained.end(out, null, thrown));
        }
        Runnable end = Contained.task(faults, "java-http-client/stall", telling, silent::distrust);
        elsewhere.execute(Contained.task(
                faults,
                "java-http-client/stall",
                () -> {
                    end.run();
                    work.cancel(true);
                },
                () -> {
                    silent.distrust(); // then the subscriber is told what the library makes of the cancel
                    work.cancel(true);
                }));
    }

    /** Nothing happens to the caller's future where that is over. */
    private void settleStalled(BodyClock clock, IOException thrown, CompletableFuture<HttpResponse<T>> out) {
        boolean isCalling = advance(CALLING, OVER);
        if (!isCalling) {
            advance(STREAMING, OVER);
        }
        Fallback fallback = settleExpired(clock, thrown);
        if (fallback == null) {
            complete(out, null, thrown);
        } else if (isCalling) {
            isEndedByChain = true;
            Runnable otherwise = Contained.end(out, null, thrown);
            out.defaultExecutor()
                    .execute(Contained.task(
                            faults,
                            "java-http-client/stalled",
                            () -> serve(fallback, true, out, otherwise),
                            otherwise));
        } else {
            tooLate(fallback);
        }
    }

    private void unwatch() {
        BodyClock clock = silence;
        if (clock != null) {
            clock.end(false);
        }
    }

    /** The deadline of a call settled by the head of its answer. */
    private void expire(BoundedBody<T> bounded) {
        Watched<T> futures = watched;
        if (bounded.isOver() || futures == null) {
            return;
        }
        IOException thrown = expiredAfterwards(bounded.isStarved());
        futures.out().completeExceptionally(thrown);
        stop(futures.work(), thrown);
    }

    /** Told only of an answer that its reader waits for: one who takes his time is not the target's fault. */
    private IOException expiredAfterwards(boolean isAwaited) {
        Refusal refusal = null;
        try {
            refusal = isAwaited ? guard.expiredAfterwards(this) : null;
        } catch (Throwable fault) {
            faults.report("java-http-client/expired", fault);
        }
        return refusal == null
                ? new HttpTimeoutException("no whole body of an answer with status " + status + " within its deadline")
                : exception(refusal);
    }

    private void stop(CompletableFuture<HttpResponse<T>> work, Throwable thrown) {
        BoundedBody<T> bounded = body;
        if (bounded != null) {
            bounded.cut(thrown);
        }
        work.cancel(true);
    }

    private void tooLate(Given<T> made) {
        Asking.close(made.response == null ? null : made.response.body());
        tooLate(made.link);
    }

    /** The library gave no future that anything could take the place of. */
    void neverBegan(@Nullable Throwable thrown) {
        tooLate(settle(Endings.of(thrown)));
    }

    private void tooLate(@Nullable Fallback fallback) {
        if (fallback != null) {
            tell(() -> fallback.tooLate(new IllegalStateException("the call was over, or its answer being read")));
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
        return refusal.reason().isTimeout()
                ? new HttpTimeoutException(refusal.message())
                : new IOException(refusal.message());
    }
}
