package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.HttpAsk;
import dev.resilience.instrumentation.api.HttpKeeper;
import dev.resilience.instrumentation.api.HttpKeeping;
import dev.resilience.instrumentation.api.HttpSnapshot;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One call in the eyes of who keeps its answer: a copy of the body on its way, and who gave it. */
final class Keeping {
    /*
     * The body and the response that says who gave it (a redirect may have led elsewhere) come in either order, from
     * different threads: an InputStream is given to the caller before its body has come, a String after. The one that
     * finds the other there hands both on.
     */
    private static final String SITE = "java-http-client/keep";

    private final Faults faults;
    private final HttpKeeping keeper;
    private volatile @Nullable Copy copy;

    /** Of one answer: {@code first} is what came first, its body or the response. */
    private record Copy(AtomicReference<@Nullable Object> first, CopiedBody<?> body) {}

    private Keeping(Faults faults, HttpKeeping keeper) {
        this.faults = faults;
        this.keeper = keeper;
    }

    /** Null where nobody keeps anything of such calls; and for one that names its target elsewhere than in the URI. */
    static @Nullable Keeping of(Guard guard, Faults faults, HttpClient client, HttpRequest request) {
        HttpKeeper keeper = guard.httpKeeper(request.method());
        if (keeper == null || request.headers().firstValue("Host").isPresent()) {
            return null;
        }
        HttpAsk ask = new HttpAsk(
                request.method(),
                request.uri(),
                request.headers().map(),
                hasBody(request),
                Credentials.shown(client, request.uri()),
                Credentials.areAdded(client));
        return new Keeping(faults, keeper.asking(ask));
    }

    /** Others are kept nothing of, whatever they bring; and the publisher may be the application's own. */
    private static boolean hasBody(HttpRequest request) {
        BodyPublisher body = request.bodyPublisher().orElse(null);
        boolean isRetrieval = request.method().equals("GET") || request.method().equals("HEAD");
        return body != null && (!isRetrieval || body.contentLength() != 0);
    }

    /** The head of the answer is there; returns where its body goes in place of {@code theirs}. */
    <T> BodySubscriber<T> copying(HttpRequest request, ResponseInfo info, BodySubscriber<T> theirs) {
        int most = keeper.answered(info.statusCode(), info.headers().map());
        if (most == HttpKeeping.NOTHING) {
            return theirs;
        }
        long announced = request.method().equals("HEAD")
                ? 0
                : info.headers().firstValueAsLong("Content-Length").orElse(-1);
        AtomicReference<@Nullable Object> first = new AtomicReference<>();
        CopiedBody<T> body = new CopiedBody<>(theirs, faults, announced, most, all -> whole(first, all));
        copy = new Copy(first, body);
        return body;
    }

    private void whole(AtomicReference<@Nullable Object> first, byte[] body) {
        Object other = met(first, body);
        if (other instanceof HttpResponse<?> response) {
            keeper.keep(response.uri(), body);
        }
    }

    /** The library's future is complete. */
    void answered(@Nullable HttpResponse<?> response) {
        if (response != null) {
            Contained.run(faults, SITE, () -> came(response));
        }
    }

    private void came(HttpResponse<?> response) {
        if (response.previousResponse().isPresent()) {
            passed(response);
        }
        Copy made = copy;
        Object other = made == null ? null : met(made.first, response);
        if (other instanceof byte[] body) {
            keeper.keep(response.uri(), body);
        }
    }

    /** The other of the two, if it was there before. */
    private static @Nullable Object met(AtomicReference<@Nullable Object> first, Object here) {
        return first.compareAndSet(null, here) ? null : first.get();
    }

    /** Each target on the way was asked by a request of its own. */
    private void passed(HttpResponse<?> last) {
        HttpResponse<?> at = last;
        while (at != null) {
            HttpRequest hop = at.request();
            keeper.passed(hop.method(), hop.uri(), at.statusCode(), at.headers().map());
            at = at.previousResponse().orElse(null);
        }
    }

    /** For calls that are only observed: the head of the answer as well. */
    void observed(@Nullable HttpResponse<?> response) {
        if (response != null) {
            Contained.run(faults, SITE, () -> {
                keeper.answered(response.statusCode(), response.headers().map());
                came(response);
            });
        }
    }

    /** The failure for which the subscriber itself has given the body up, if it was for one. */
    @Nullable
    Throwable whyGivenUp() {
        Copy made = copy;
        return made == null ? null : made.body.whyGivenUp();
    }

    /** What was kept earlier, with what it takes to give it. */
    HttpSnapshot snapshot(Fallback link, int status) {
        return link.snapshot(keeper, status);
    }
}
