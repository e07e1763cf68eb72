package dev.resilience.instrumentation.javahttp;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The application's body subscriber, with an end that can come from outside. */
final class BoundedBody<T> implements BodySubscriber<T>, Flow.Subscription {
    /*
     * A subscriber must be told one thing at a time, and the cut comes from another thread. The state counts the
     * signals being delivered (one from the start, until onSubscribe is through) beside two flags. Who sets CUT while
     * nothing is delivered, or ends the last delivery after CUT, delivers the error: exactly one does, for a signal
     * that comes after a flag is dropped. OVER is set by the end of the body itself, and a cut after it does nothing.
     *
     * The library asks a subscriber it does not know for its body on another thread. A subscriber that fails and then
     * cancels would be overtaken by its cancel, and the caller told of that: so the cancel waits until the library has
     * asked. cancel() writes `givenUp` and then reads `asked`, getBody() the other way round: one of the two cancels.
     */
    private static final int CUT = 1 << 30;
    private static final int OVER = 1 << 29;

    private final BodySubscriber<T> theirs;
    private final Consumer<@Nullable Throwable> onEnd;
    private final AtomicInteger state = new AtomicInteger(1);
    private final AtomicLong demand = new AtomicLong();
    private volatile Flow.@Nullable Subscription upstream;
    private volatile @Nullable Throwable failure;
    private volatile boolean givenUp;
    private volatile @Nullable CompletionStage<T> asked;

    /** @param onEnd is told of the body's own end: its failure, or null when it is complete or no longer wanted */
    BoundedBody(BodySubscriber<T> theirs, Consumer<@Nullable Throwable> onEnd) {
        this.theirs = theirs;
        this.onEnd = onEnd;
    }

    boolean isOver() {
        return (state.get() & OVER) != 0;
    }

    /** Whether the subscriber waits for the target, rather than the target for it. */
    boolean isStarved() {
        return demand.get() > 0;
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Ends the body with {@code cause}, unless it is over; then nothing happens. */
    void cut(Throwable cause) {
        failure = isOver() ? failure : cause;
        int before = state.getAndUpdate(now -> (now & (CUT | OVER)) == 0 ? now | CUT : now);
        if ((before & (CUT | OVER)) != 0) {
            return;
        }
        cancelUpstream();
        if (before == 0) {
            theirs.onError(cause);
        }
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
        if (givenUp) {
            cancelUpstream();
        }
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        upstream = subscription;
        try {
            theirs.onSubscribe(this);
        } finally {
            leave();
        }
    }

    @Override
    public void onNext(List<ByteBuffer> items) {
        if (enter(0)) {
            try {
                demand.getAndUpdate(open -> open == Long.MAX_VALUE ? open : Math.max(0, open - 1));
                theirs.onNext(items);
            } finally {
                leave();
            }
        }
    }

    @Override
    public void onError(Throwable thrown) {
        if (enter(OVER)) {
            failure = thrown;
            try {
                theirs.onError(thrown);
            } finally {
                leave();
                onEnd.accept(thrown);
            }
        }
    }

    @Override
    public void onComplete() {
        if (enter(OVER)) {
            try {
                theirs.onComplete();
            } finally {
                leave();
                onEnd.accept(null);
            }
        }
    }

    @Override
    public void request(long n) {
        demand.getAndUpdate(open -> n > 0 ? (open + n < 0 ? Long.MAX_VALUE : open + n) : open);
        Flow.Subscription subscription = upstream;
        if (subscription != null) {
            subscription.request(n);
        }
    }

    @Override
    public void cancel() {
        int before = state.getAndUpdate(now -> now | OVER);
        givenUp = true;
        if (asked != null) {
            cancelUpstream();
        }
        if ((before & (CUT | OVER)) == 0) {
            onEnd.accept(null);
        }
    }

    private boolean enter(int flag) {
        int before = state.getAndUpdate(now -> (now & (CUT | OVER)) == 0 ? (now | flag) + 1 : now);
        return (before & (CUT | OVER)) == 0;
    }

    private void leave() {
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
