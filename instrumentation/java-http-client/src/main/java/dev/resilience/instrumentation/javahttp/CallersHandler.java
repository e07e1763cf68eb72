package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The application's handler, which may be given a second answer only if nothing shows of the first: its subscriber is
 * dropped with what it has collected. Others may write to a file, or to a subscriber of the application's.
 */
final class CallersHandler<T> implements BodyHandler<T> {
    /** Those of the JDK that collect a body for themselves, or drop it. */
    private static final Set<String> REPEATABLE = Set.of(
            "jdk.internal.net.http.ResponseSubscribers$ByteArraySubscriber",
            "jdk.internal.net.http.ResponseSubscribers$HttpResponseInputStream",
            "jdk.internal.net.http.ResponseSubscribers$NullSubscriber");

    private final BodyHandler<T> theirs;
    private final @Nullable Repeat attempt;
    private final Faults faults;
    private volatile boolean spent;

    /** @param attempt which has to know what was shown; null where no call is made again */
    CallersHandler(BodyHandler<T> theirs, @Nullable Repeat attempt, Faults faults) {
        this.theirs = theirs;
        this.attempt = attempt;
        this.faults = faults;
    }

    BodyHandler<T> theirs() {
        return theirs;
    }

    /** Whether it made a subscriber of the kind that another answer would harm. */
    boolean isSpent() {
        return spent;
    }

    @Override
    public BodySubscriber<T> apply(ResponseInfo info) {
        Repeat repeated = attempt;
        if (repeated != null) {
            repeated.shown = true;
        }
        BodySubscriber<T> made = theirs.apply(info);
        Contained.run(faults, "java-http-client/handler", () -> {
            boolean isSpent = spent || !REPEATABLE.contains(made.getClass().getName());
            spent = isSpent;
            if (repeated != null) {
                repeated.shown = isSpent || !repeated.isAnsweredAlike();
            }
        });
        return made;
    }
}
