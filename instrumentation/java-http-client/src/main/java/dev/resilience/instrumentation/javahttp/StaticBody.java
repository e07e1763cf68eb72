package dev.resilience.instrumentation.javahttp;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Flow;

/** A body that is there already: one piece on the first demand, then the end. */
final class StaticBody implements Flow.Subscription {
    /*
     * What a subscriber asks for while it is being told of its subscription waits for the end of that. Reactive Streams
     * would allow to give it at once, but the JDK's subscriber for lines loses the last of them then.
     */
    private static final long NOTHING = Long.MIN_VALUE;

    private final BodySubscriber<?> subscriber;
    private final byte[] bytes;

    // guarded by this
    private boolean begun;
    private boolean over;
    private long asked = NOTHING;

    StaticBody(BodySubscriber<?> subscriber, byte[] bytes) {
        this.subscriber = subscriber;
        this.bytes = bytes;
    }

    /** The subscriber has it. */
    void begin() {
        long demand;
        synchronized (this) {
            begun = true;
            if (over || asked == NOTHING) {
                return;
            }
            over = true;
            demand = asked;
        }
        give(demand);
    }

    @Override
    public void request(long n) {
        synchronized (this) {
            if (over) {
                return;
            }
            if (!begun) {
                asked = asked == NOTHING ? n : asked;
                return;
            }
            over = true;
        }
        give(n);
    }

    private void give(long n) {
        if (n <= 0) {
            subscriber.onError(new IllegalArgumentException("demand must be positive, was " + n));
            return;
        }
        if (bytes.length > 0) {
            subscriber.onNext(List.of(ByteBuffer.wrap(bytes).asReadOnlyBuffer()));
        }
        subscriber.onComplete();
    }

    @Override
    public synchronized void cancel() {
        over = true;
    }
}
