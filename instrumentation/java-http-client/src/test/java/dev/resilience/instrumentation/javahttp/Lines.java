package dev.resilience.instrumentation.javahttp;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;

/** Keeps what it is told: each line, and the end. */
final class Lines implements Flow.Subscriber<String> {
    private final List<String> told = new CopyOnWriteArrayList<>();

    List<String> told() {
        return told;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String line) {
        told.add(line);
    }

    @Override
    public void onError(Throwable thrown) {
        told.add(thrown.toString());
    }

    @Override
    public void onComplete() {
        told.add("end");
    }
}
