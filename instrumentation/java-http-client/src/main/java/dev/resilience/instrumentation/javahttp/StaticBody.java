package dev.resilience.instrumentation.javahttp;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;

/** A body that is there already: one piece on the first demand, then the end. */
final class StaticBody implements Flow.Subscription {
    private final BodySubscriber<?> subscriber;
    private final byte[] bytes;
    private final AtomicBoolean over = new AtomicBoolean();

    StaticBody(BodySubscriber<?> subscriber, byte[] bytes) {
        this.subscriber = subscriber;
        this.bytes = bytes;
    }

    @Override
    public void request(long n) {
        if (!over.compareAndSet(false, true)) {
            return;
        }
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
    public void cancel() {
        over.set(true);
    }
}
