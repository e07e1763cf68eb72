package dev.resilience.instrumentation.javahttp;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** A body that waits, undemanded, until it is known who gets it. */
final class HeldBody<T> implements BodySubscriber<T>, Flow.Subscription {
    /*
     * Until somebody is given the body nothing is asked for, so nothing comes but its end, which is kept. From then on
     * all is passed on; but what the one who is given it asks for while it is being told of its subscription waits for
     * the end of that, as two signals must not overlap.
     */
    private final CompletableFuture<T> body = new CompletableFuture<>();

    // guarded by this
    private Flow.@Nullable Subscription upstream;
    private @Nullable BodySubscriber<T> taker;
    private boolean started;
    private boolean complete;
    private @Nullable Throwable failure;
    private long demand;

    /** Gives it to this one, which nobody else was or will be. */
    @SuppressWarnings("FutureReturnValueIgnored") // it completes a future, which does not throw
    void giveTo(BodySubscriber<T> subscriber) {
        boolean ready;
        synchronized (this) {
            taker = subscriber;
            ready = upstream != null;
        }
        if (ready) {
            start(subscriber);
        }
        subscriber.getBody().whenComplete((value, thrown) -> {
            if (thrown == null) {
                body.complete(value);
            } else {
                body.completeExceptionally(thrown);
            }
        });
    }

    /** Nobody can be given it. */
    void fail(Throwable cause) {
        Flow.Subscription subscription;
        synchronized (this) {
            subscription = upstream;
        }
        if (subscription != null) {
            subscription.cancel();
        }
        body.completeExceptionally(cause);
    }

    private void start(BodySubscriber<T> subscriber) {
        subscriber.onSubscribe(this);
        Flow.Subscription subscription;
        Throwable failed;
        boolean completed;
        long wanted;
        synchronized (this) {
            started = true;
            subscription = upstream;
            failed = failure;
            completed = complete;
            wanted = demand;
        }
        if (failed != null) {
            subscriber.onError(failed);
        } else if (completed) {
            subscriber.onComplete();
        } else if (wanted > 0 && subscription != null) {
            subscription.request(wanted);
        }
    }

    @Override
    public CompletionStage<T> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        BodySubscriber<T> subscriber;
        synchronized (this) {
            upstream = subscription;
            subscriber = taker;
        }
        if (subscriber != null) {
            start(subscriber);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        BodySubscriber<T> subscriber;
        synchronized (this) {
            subscriber = taker;
        }
        if (subscriber != null) {
            subscriber.onNext(buffers);
        }
    }

    @Override
    public void onError(Throwable thrown) {
        BodySubscriber<T> subscriber;
        synchronized (this) {
            failure = thrown;
            subscriber = started ? taker : null;
        }
        if (subscriber != null) {
            subscriber.onError(thrown);
        }
    }

    @Override
    public void onComplete() {
        BodySubscriber<T> subscriber;
        synchronized (this) {
            complete = true;
            subscriber = started ? taker : null;
        }
        if (subscriber != null) {
            subscriber.onComplete();
        }
    }

    @Override
    public void request(long n) {
        Flow.Subscription subscription;
        synchronized (this) {
            if (!started && n > 0) {
                demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
                return;
            }
            subscription = upstream;
        }
        if (subscription != null) {
            subscription.request(n);
        }
    }

    @Override
    public void cancel() {
        Flow.Subscription subscription;
        synchronized (this) {
            subscription = upstream;
        }
        if (subscription != null) {
            subscription.cancel();
        }
    }
}
