package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import java.net.http.HttpResponse.ResponseInfo;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How long a body may still be silent while its reader waits for more. */
final class BodyClock extends Call {
    /*
     * The guard's timer looks once in the time that a silence may last, and asks then how much longer it may: so nothing is
     * moved as pieces come, and a body costs one look in that time.
     *
     * Pieces come by the client's executor. Where that is one of the application's, and busy, they lie there, and the
     * target is not silent. So before a body is cut, that executor is asked to run something that does nothing: what came
     * before that is delivered before that.
     */
    private static final String SITE = "java-http-client/silence";

    /** How long the executor is given at first. */
    private static final long ASKING_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final Executor ASKING = new CompletableFuture<Void>().defaultExecutor();

    /** Bodies that pause for as long as there is nothing to tell. */
    private static final List<String> PAUSING = List.of(
            "text/event-stream",
            "multipart/x-mixed-replace",
            "application/x-ndjson",
            "application/stream+json",
            "application/json-seq",
            "application/grpc");

    private final Guard guard;
    private final Faults faults;
    private final long silenceNanos;
    private final BoundedBody<?> body;
    private final @Nullable Executor delivering;
    private final BooleanSupplier mayBeCut;
    private final Consumer<Refusal> stop;
    // The timer's own: what the executor was asked to run, whether that was long ago.
    private @Nullable Object question;
    private boolean stale;

    private volatile @Nullable Object answered;

    /**
     * Times {@code body}.
     *
     * @param silenceNanos how long it may be silent
     * @param delivering the executor of the application's that it comes by, or null
     * @param mayBeCut whether there is anything yet by which to cut it
     * @param stop cuts it
     */
    BodyClock(
            Guard guard,
            Faults faults,
            long silenceNanos,
            BoundedBody<?> body,
            @Nullable Executor delivering,
            BooleanSupplier mayBeCut,
            Consumer<Refusal> stop) {
        this.guard = guard;
        this.faults = faults;
        this.silenceNanos = silenceNanos;
        this.body = body;
        this.delivering = delivering;
        this.mayBeCut = mayBeCut;
        this.stop = stop;
    }

    /** How long the body of this answer may be silent; 0 for as long as it likes. */
    static long silenceNanos(Guard guard, ResponseInfo info) {
        long silence = guard.stallAfterNanos();
        return silence == 0 || (guard.isStallAfterAdaptive() && mayPause(info)) ? 0 : silence;
    }

    /** Where nobody said how much has to come, it may be a watch, or a log that is followed. */
    private static boolean mayPause(ResponseInfo info) {
        return info.headers().firstValue("content-length").isEmpty() || pauses(info);
    }

    private static boolean pauses(ResponseInfo info) {
        String type = info.headers().firstValue("content-type").orElse("");
        for (int i = 0; i < PAUSING.size(); i++) {
            String pausing = PAUSING.get(i);
            if (type.regionMatches(true, 0, pausing, 0, pausing.length())) {
                return true;
            }
        }
        return false;
    }

    void begin(Call call) {
        guard.watch(this, call);
        guard.due(this, silenceNanos);
    }

    /** The body is over, at its end or not. */
    void end(boolean isWhole) {
        guard.heard(this, body.longestSilenceNanos(), isWhole);
    }

    @Override
    public long silenceNanos() {
        return silenceNanos;
    }

    @Override
    public long leftNanos() {
        long left = silenceNanos - body.silentNanos();
        if (left > 0) {
            question = null;
            return left;
        }
        if (!mayBeCut.getAsBoolean()) {
            return silenceNanos;
        }
        return delivering == null ? 0 : undeliveredNanos();
    }

    /**
     * 0 if all that came has been delivered, which only an answer tells that came soon: what it told a while ago may have
     * been so before the last piece came.
     */
    private long undeliveredNanos() {
        Object asked = question;
        if (asked == null) {
            return ask();
        }
        if (answered == asked) {
            return stale ? ask() : 0;
        }
        stale = true;
        return silenceNanos;
    }

    /** Not on the timer's thread: the executor may run what it is given where it is given it, or block. */
    private long ask() {
        Object asked = new Object();
        question = asked;
        stale = false;
        ASKING.execute(Contained.task(faults, SITE, () -> askExecutor(asked), () -> answered = asked));
        return Math.min(ASKING_NANOS, silenceNanos);
    }

    private void askExecutor(Object asked) {
        Executor executor = delivering;
        try {
            if (executor != null) {
                executor.execute(() -> answered = asked);
            }
        } catch (RejectedExecutionException shutDown) {
            answered = asked; // nothing lies there
        }
    }

    @Override
    public void cancel(Refusal refusal) {
        stop.accept(refusal);
    }
}
