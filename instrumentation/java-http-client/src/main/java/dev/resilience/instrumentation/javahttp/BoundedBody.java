package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The application's body subscriber, with an end that can come from outside. */
final class BoundedBody<T> implements BodySubscriber<T>, Flow.Subscription {
    /*
     * A subscriber must be told one thing at a time, and the cut comes from another thread. The state counts the
     * signals being delivered (one from the start, until onSubscribe is through) beside two flags. Who sets CUT while
     * nothing is delivered, or ends the last delivery after CUT, delivers the error: exactly one does, for a signal
     * that comes after a flag is dropped. OVER is set by the end of the body itself, and a cut after it does nothing.
     *
     * The library calls the methods of the two interfaces, and nobody of ours stands above them. So they hold nothing
     * but the application's subscriber between two steps of ours, each caught: after the first fault the count is not to
     * be trusted, and the body is the subscriber's alone, without an end from outside.
     *
     * The library asks a subscriber it does not know for its body on another thread. A subscriber that fails and then
     * cancels would be overtaken by its cancel, and the caller told of that: so the cancel waits until the library has
     * asked. cancel() writes `givenUp` and then reads `asked`, getBody() the other way round: one of the two cancels.
     */
    private static final String SITE = "java-http-client/body";
    private static final int CUT = 1 << 30;
    private static final int OVER = 1 << 29;

    private final BodySubscriber<T> theirs;
    private final Faults faults;
    private final Consumer<@Nullable Throwable> onEnd;
    private final LongSupplier nanoClock;
    private final AtomicInteger state = new AtomicInteger(1);
    private final AtomicLong demand = new AtomicLong();

    // From the first delivery on: since when the subscriber waits for the next, and how long it has waited for others.
    // What it asks for before that, some handlers ask for whether anybody reads or not.
    private final AtomicLong waitedNanos = new AtomicLong();
    private volatile long waitsSinceNanos;
    private volatile long firstNanos;
    private boolean begun; // only while delivering

    // Only where somebody times how long the target is silent: since when it may have been, and for how long it was at
    // most.
    private @Nullable BodyClock clock;
    private volatile long silentSinceNanos;
    private volatile long longestSilenceNanos;

    /** Who delivers a signal; read long after it was written, if at all. */
    private @Nullable Thread delivering;

    private volatile Flow.@Nullable Subscription upstream;
    private volatile @Nullable Throwable failure;
    private volatile boolean faulty;
    private volatile boolean givenUp;
    private volatile @Nullable CompletionStage<T> asked;

    /** @param onEnd is told of the body's own end: its failure, or null when it is complete or no longer wanted */
    BoundedBody(BodySubscriber<T> theirs, Faults faults, Consumer<@Nullable Throwable> onEnd) {
        this(theirs, faults, onEnd, System::nanoTime);
    }

    BoundedBody(BodySubscriber<T> theirs, Faults faults, Consumer<@Nullable Throwable> onEnd, LongSupplier nanoClock) {
        this.theirs = theirs;
        this.faults = faults;
        this.onEnd = onEnd;
        this.nanoClock = nanoClock;
    }

    /** Before it is given to anybody: who times its silences, and is told of its end unless it is cut. */
    void timedBy(BodyClock timing) {
        clock = timing;
    }

    /** For how long the target has had nothing for a subscriber that waits for more; 0 where it does not. */
    long silentNanos() {
        boolean isWaiting = state.get() == 0 && !faulty && demand.get() > 0;
        return isWaiting ? Math.max(0, nanoClock.getAsLong() - silentSinceNanos) : 0;
    }

    /** The longest silence that ended with more. */
    long longestSilenceNanos() {
        return longestSilenceNanos;
    }

    boolean isOver() {
        return (state.get() & OVER) != 0;
    }

    /**
     * Whether the subscriber waits for the target, rather than the target for it. A reader between two reads is judged
     * by what came before: it is starved if it has waited longer than it has kept waiting.
     */
    boolean isStarved() {
        if (demand.get() > 0) {
            return true;
        }
        long waited = waitedNanos.get();
        return waited > 0 && waited > nanoClock.getAsLong() - firstNanos - waited;
    }

    /** The thread that is in the subscriber, or null. */
    @Nullable
    Thread delivering() {
        return delivering;
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Ends the body with {@code cause}, unless it is over; then nothing happens. */
    void cut(Throwable cause) {
        Runnable telling = cutting(cause);
        if (telling != null) {
            BodyClock timing = clock;
            if (timing != null) {
                Contained.run(faults, SITE, () -> timing.end(false));
            }
            telling.run();
        }
    }

    /**
     * The same in two steps: from here on nothing more comes to the subscriber, and what is returned tells it, where its
     * code may run. Null if it was over.
     */
    @Nullable
    Runnable cutting(Throwable cause) {
        failure = isOver() ? failure : cause;
        int before = state.getAndUpdate(now -> (now & (CUT | OVER)) == 0 ? now | CUT : now);
        if ((before & (CUT | OVER)) != 0) {
            return null;
        }
        return () -> {
            cancelUpstream();
            if (before == 0) {
                try { // here, as a step of its own that fails would leave the subscriber untold
                    theirs.onError(cause);
                } catch (Exception own) {
                    // no fault of ours, for which it would be told once more by the library, which drops that too
                }
            }
        };
    }

    /** The failure for which the subscriber itself has given the body up, if it was for one. */
    @Nullable
    Throwable whyGivenUp() {
        CompletionStage<T> body = givenUp ? asked : null;
        @Nullable Throwable[] why = new Throwable[1];
        if (body != null) {
            body.whenComplete((value, thrown) -> why[0] = thrown);
        }
        return why[0];
    }

    @Override
    public CompletionStage<T> getBody() {
        CompletionStage<T> body = theirs.getBody();
        asked = body;
        Flow.Subscription subscription = givenUp ? upstream : null;
        if (subscription != null) {
            subscription.cancel();
        }
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        upstream = subscription;
        delivering = Thread.currentThread();
        try {
            theirs.onSubscribe(this);
        } finally {
            Contained.run(faults, SITE, this::leave);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> items) {
        boolean passes;
        try { // as Contained has it, but that would be given two objects for each piece
            passes = faulty || delivers();
        } catch (Throwable fault) {
            faults.report(SITE, fault);
            passes = passesOn();
        }
        if (passes) {
            try {
                theirs.onNext(items);
            } finally {
                try {
                    leave();
                } catch (Throwable fault) {
                    faults.report(SITE, fault);
                }
            }
        }
    }

    @Override
    public void onError(Throwable thrown) {
        if (faulty || Contained.ask(faults, SITE, () -> ends(thrown), this::passesOn)) {
            try {
                theirs.onError(thrown);
            } finally {
                Contained.run(faults, SITE, () -> left(thrown));
            }
        }
    }

    @Override
    public void onComplete() {
        if (faulty || Contained.ask(faults, SITE, () -> ends(null), this::passesOn)) {
            try {
                theirs.onComplete();
            } finally {
                Contained.run(faults, SITE, () -> left(null));
            }
        }
    }

    @Override
    public void request(long n) {
        try {
            demanded(n);
        } catch (Throwable fault) {
            faults.report(SITE, fault);
        }
        Flow.Subscription subscription = upstream;
        if (subscription != null) {
            subscription.request(n);
        }
    }

    @Override
    public void cancel() {
        boolean first = Contained.ask(faults, SITE, this::abandoned, () -> !distrust());
        givenUp = true;
        Flow.Subscription subscription = asked == null ? null : upstream;
        if (subscription != null) {
            subscription.cancel();
        }
        if (first) {
            Contained.run(faults, SITE, () -> ended(null, false));
        }
    }

    /** From now on signals pass uncounted; true, as this one does too. */
    boolean distrust() {
        faulty = true;
        return true;
    }

    /** The same, but nothing follows a cut, which has been told or will be. */
    private boolean passesOn() {
        return distrust() && (state.get() & CUT) == 0;
    }

    private boolean delivers() {
        if (!enter(0)) {
            return false;
        }
        long now = nanoClock.getAsLong();
        heard(now);
        if (begun) {
            waitedNanos.addAndGet(now - waitsSinceNanos);
        } else {
            begun = true;
            firstNanos = now;
        }
        waitsSinceNanos = now;
        demand.getAndUpdate(open -> open == Long.MAX_VALUE ? open : Math.max(0, open - 1));
        return true;
    }

    private boolean ends(@Nullable Throwable thrown) {
        if (!enter(OVER)) {
            return false;
        }
        failure = thrown == null ? failure : thrown;
        if (clock != null && thrown == null) {
            heard(nanoClock.getAsLong());
        }
        return true;
    }

    private void left(@Nullable Throwable thrown) {
        leave();
        ended(thrown, thrown == null);
    }

    private void ended(@Nullable Throwable thrown, boolean isWhole) {
        BodyClock timing = clock;
        if (timing != null) {
            Contained.run(faults, SITE, () -> timing.end(isWhole));
        }
        onEnd.accept(thrown);
    }

    /** Something came, so whatever silence there was is over. */
    private void heard(long now) {
        if (clock != null && demand.get() > 0) {
            longestSilenceNanos = Math.max(longestSilenceNanos, now - silentSinceNanos);
        }
    }

    /** Before the library is asked: where nothing was demanded, nothing is delivered meanwhile. */
    private void demanded(long n) {
        if (demand.get() == 0) {
            long now = nanoClock.getAsLong();
            waitsSinceNanos = now;
            silentSinceNanos = now;
        }
        long open = demand.get();
        while (n > 0 && !demand.compareAndSet(open, open + n < 0 ? Long.MAX_VALUE : open + n)) {
            open = demand.get();
        }
    }

    /** The subscriber wants no more; true if it is the first end of the body. */
    private boolean abandoned() {
        return (state.getAndUpdate(now -> now | OVER) & (CUT | OVER)) == 0;
    }

    private boolean enter(int flag) {
        int before = state.get();
        while ((before & (CUT | OVER)) == 0 && !state.compareAndSet(before, (before | flag) + 1)) {
            before = state.get();
        }
        boolean entered = (before & (CUT | OVER)) == 0;
        if (entered) {
            delivering = Thread.currentThread();
        }
        return entered;
    }

    private void leave() {
        delivering = null;
        if (faulty) {
            return;
        }
        if (clock != null) {
            silentSinceNanos = nanoClock.getAsLong(); // what came in the meantime had to wait for the subscriber
        }
        if (state.decrementAndGet() == CUT) {
            cancelUpstream();
            Throwable cause = failure;
            theirs.onError(cause == null ? new IllegalStateException("cut") : cause);
        }
    }

    private void cancelUpstream() {
        Flow.Subscription subscription = upstream;
        if (subscription != null) {
            subscription.cancel();
        }
    }
}
