package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The application's body subscriber, and a copy of what passes to it on the way. */
final class CopiedBody<T> implements BodySubscriber<T>, Flow.Subscription {
    /*
     * The library's signals come one after the other, so the copy has one writer. It is given up by dropping it: at the
     * first byte too many, at a failure, at the subscriber's cancel (from whatever thread: it says so before it clears
     * the field, and who writes the field looks afterwards), and at a fault of ours. Nothing is asked of the library but
     * what the subscriber asks for, and nothing reaches the subscriber later than it would: bytes are copied before it
     * is given them, as it may change the buffers, and the whole is told of after it was told of the end.
     *
     * The library asks a subscriber it does not know for its body on another thread; so, as in BoundedBody, a cancel
     * waits until it has asked, lest the caller be told of that instead of the subscriber's own failure.
     */
    private static final String SITE = "java-http-client/copy";
    private static final byte[] NOTHING = new byte[0];

    private final BodySubscriber<T> theirs;
    private final Faults faults;
    private final long expected;
    private final int mostBytes;
    private final Consumer<byte[]> whole;

    private volatile byte @Nullable [] copy;
    private int length; // only while delivering

    private volatile Flow.@Nullable Subscription upstream;
    private volatile boolean givenUp;
    private volatile @Nullable CompletionStage<T> asked;

    /**
     * Copies what comes to {@code theirs}.
     *
     * @param expected how long the body is said to be; negative if nobody says
     * @param mostBytes how long it may be at most to be copied
     * @param whole is told of its bytes once it is complete
     */
    CopiedBody(BodySubscriber<T> theirs, Faults faults, long expected, int mostBytes, Consumer<byte[]> whole) {
        this.theirs = theirs;
        this.faults = faults;
        this.expected = expected;
        this.mostBytes = mostBytes;
        this.whole = whole;
        this.copy = expected > mostBytes ? null : NOTHING;
    }

    /** Whether there still is a copy. */
    boolean isCopying() {
        return copy != null;
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
        theirs.onSubscribe(this);
    }

    @Override
    public void onNext(List<ByteBuffer> items) {
        byte[] before = copy;
        if (before != null) {
            copy = null; // unless all of it can be added
            Contained.run(faults, SITE, () -> add(before, items));
        }
        theirs.onNext(items);
    }

    @Override
    public void onError(Throwable thrown) {
        copy = null;
        theirs.onError(thrown);
    }

    @Override
    public void onComplete() {
        byte[] all = copy;
        copy = null;
        try {
            theirs.onComplete();
        } finally {
            if (all != null) {
                Contained.run(
                        faults, SITE, () -> whole.accept(all.length == length ? all : Arrays.copyOf(all, length)));
            }
        }
    }

    @Override
    public void request(long n) {
        Flow.Subscription subscription = upstream;
        if (subscription != null) {
            subscription.request(n);
        }
    }

    @Override
    public void cancel() {
        givenUp = true;
        copy = null;
        Flow.Subscription subscription = asked == null ? null : upstream;
        if (subscription != null) {
            subscription.cancel();
        }
    }

    private void add(byte[] before, List<ByteBuffer> items) {
        byte[] all = before;
        for (ByteBuffer item : items) {
            int more = item.remaining();
            if (more > mostBytes - length) {
                return;
            }
            all = roomFor(all, length + more);
            item.duplicate().get(all, length, more);
            length += more;
        }
        copy = all;
        if (givenUp) {
            copy = null;
        }
    }

    /** Grows with what comes rather than with what is announced, which may never come. */
    private byte[] roomFor(byte[] all, int needed) {
        if (needed <= all.length) {
            return all;
        }
        long doubled = Math.max(needed, 2L * all.length);
        long enough = expected >= needed ? Math.min(doubled, expected) : doubled;
        return Arrays.copyOf(all, (int) Math.min(enough, mostBytes));
    }
}
