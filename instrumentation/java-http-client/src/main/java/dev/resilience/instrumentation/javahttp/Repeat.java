package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Attempt;
import dev.resilience.instrumentation.api.PushBack;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One attempt of a call that may be made again. */
final class Repeat implements Attempt {
    /** Set while a call is begun that follows another, which is told of it by nothing else. */
    private static final ThreadLocal<@Nullable Again> BEGINNING = new ThreadLocal<>();

    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS");
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");
    private static final String KEY = "Idempotency-Key";

    private final HttpRequest request;
    private final @Nullable Again follows;
    private final boolean hasPushes;
    private final long begunNanos = System.nanoTime();
    private volatile @Nullable String retryAfter;

    /** Whether anything of an answer shows: not while it is only collected, by a subscriber that can be dropped. */
    volatile boolean shown;

    /** The attempt that follows this one, once it is begun. */
    volatile @Nullable CompletableFuture<?> next;

    /** @param hasPushes whether the application is told of what the server pushes */
    Repeat(HttpRequest request, @Nullable Again follows, boolean hasPushes) {
        this.request = request;
        this.follows = follows;
        this.hasPushes = hasPushes;
    }

    /** Which attempt the call that this thread begins follows: said once. */
    static @Nullable Again beginning() {
        Again begins = BEGINNING.get();
        if (begins != null) {
            BEGINNING.remove();
        }
        return begins;
    }

    /** A budget, 0 for none, of a call that follows another: no more than that left. */
    static long within(long budgetNanos, @Nullable Again follows) {
        return follows == null || budgetNanos == 0
                ? budgetNanos
                : Math.max(1, Math.min(budgetNanos, follows.leftNanos()));
    }

    @Nullable
    Again follows() {
        return follows;
    }

    /** The head of an answer is there that may not be handed on. */
    void answered(ResponseInfo info) {
        retryAfter = info.headers().firstValue("Retry-After").orElse(null);
    }

    @Override
    public boolean isIdempotent() {
        return IDEMPOTENT.contains(request.method()) || hasKey();
    }

    /** Whether it is answered the same the second time too: what is deleted is not found then. */
    boolean isAnsweredAlike() {
        return SAFE.contains(request.method()) || hasKey();
    }

    private boolean hasKey() {
        return request.headers().firstValue(KEY).isPresent();
    }

    @Override
    public boolean isReplayable() {
        BodyPublisher body = request.bodyPublisher().orElse(null);
        return !hasPushes && (body == null || Rerouted.isOfJdk(body));
    }

    @Override
    public boolean isShown() {
        return shown;
    }

    @Override
    public long pushBackNanos() {
        return PushBack.ofRetryAfter(retryAfter, Instant.now().getEpochSecond());
    }

    /** The caller's own timeout is one for all attempts. */
    @Override
    public long leftNanos() {
        return request.timeout()
                .map(timeout -> Math.max(0, TimeUnit.NANOSECONDS.convert(timeout) - (System.nanoTime() - begunNanos)))
                .orElse(Long.MAX_VALUE);
    }

    /** Makes the call that follows, by the application's own client. */
    <T> CompletableFuture<HttpResponse<T>> begin(HttpClient client, BodyHandler<T> handler, Again again)
            throws HttpTimeoutException {
        HttpRequest next = request;
        if (request.timeout().isPresent()) {
            long left = leftNanos(); // the guard keeps its own
            if (left == 0) {
                throw new HttpTimeoutException("no time is left to make it again");
            }
            next = HttpRequest.newBuilder(request, (name, value) -> true)
                    .timeout(Duration.ofNanos(left))
                    .build();
        }
        BEGINNING.set(again);
        try {
            return client.sendAsync(next, handler);
        } finally {
            BEGINNING.remove();
        }
    }
}
