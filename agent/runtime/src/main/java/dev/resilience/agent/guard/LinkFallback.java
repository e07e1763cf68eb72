package dev.resilience.agent.guard;

import dev.resilience.agent.fallback.Forbidden;
import dev.resilience.agent.fallback.HttpGiven;
import dev.resilience.agent.fallback.MessageSnapshots;
import dev.resilience.agent.policy.FailureRule;
import dev.resilience.agent.policy.Link;
import dev.resilience.agent.signal.Signal.FallbackExecuted;
import dev.resilience.engine.Outcome;
import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.HttpKeeping;
import dev.resilience.instrumentation.api.HttpSnapshot;
import dev.resilience.instrumentation.api.MessageAsk;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One link of a chain on its way to one caller; of all that can become of it the first is told. */
final class LinkFallback implements Fallback {

    /** What became of the links of one chain. */
    interface Told {
        /** Negative if what it gave was made for the call; else how old that is. */
        void served(Link link, long ageMillis);

        void failed(Link link, Throwable cause);

        void passedOver(Link link, String why);

        /** Nothing of the chain was given, and nothing will be. */
        void ended();

        /** How much longer the caller waits, in nanoseconds; {@link Long#MAX_VALUE} where that is not bounded. */
        long leftNanos();
    }

    /** Less than this is no time to ask anybody else in; and the JDK's own timers are up to 1 ms early. */
    private static final long LEAST_NANOS = 2_000_000;

    private final List<Link> chain;
    private final int at;
    private final FailureRule failures;
    private final @Nullable MessageMemory memory;
    private final Told told;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile long ageMillis = -1;

    private LinkFallback(List<Link> chain, int at, FailureRule failures, @Nullable MessageMemory memory, Told told) {
        this.chain = chain;
        this.at = at;
        this.failures = failures;
        this.memory = memory;
        this.told = told;
    }

    /**
     * The first link to try, after those that are passed over; null if none is left.
     *
     * @param memory what was kept of calls of gRPC; null if this is none, or nothing is kept
     */
    static @Nullable Fallback of(List<Link> chain, FailureRule failures, @Nullable MessageMemory memory, Told told) {
        return new LinkFallback(chain, -1, failures, memory, told).next();
    }

    private @Nullable LinkFallback next() {
        for (int next = at + 1; next < chain.size(); next++) {
            Link link = chain.get(next);
            if (!(link instanceof Link.Elsewhere) || told.leftNanos() >= LEAST_NANOS) {
                return new LinkFallback(chain, next, failures, memory, told);
            }
            told.passedOver(link, FallbackExecuted.NO_TIME_LEFT);
        }
        return null;
    }

    @Override
    public @Nullable StaticAnswer answer() {
        return chain.get(at) instanceof Link.Static written ? written.answer() : null;
    }

    @Override
    public @Nullable Alternate alternate() {
        return chain.get(at) instanceof Link.Elsewhere elsewhere
                ? new Asked(elsewhere, failures, told.leftNanos())
                : null;
    }

    @Override
    public boolean isSnapshot() {
        return chain.get(at) instanceof Link.Snapshot;
    }

    @Override
    public HttpSnapshot snapshot(@Nullable HttpKeeping call, int status) {
        HttpGiven given = Recall.given(call, status);
        ageMillis = given.age().toMillis();
        return new HttpSnapshot(given.status(), given.headers(), given.body());
    }

    @Override
    public byte[] snapshot(MessageAsk ask) {
        if (memory == null) {
            throw new NoSnapshot(Forbidden.NONE);
        }
        MessageSnapshots.Given given = memory.given(ask);
        ageMillis = given.age().toMillis();
        return given.message();
    }

    @Override
    public void served() {
        if (over.compareAndSet(false, true)) {
            told.served(chain.get(at), ageMillis);
        }
    }

    @Override
    public @Nullable Fallback failed(Throwable cause) {
        boolean isNews = over.compareAndSet(false, true);
        if (isNews) {
            told.failed(chain.get(at), cause);
        }
        LinkFallback next = next();
        if (isNews && next == null) {
            told.ended();
        }
        return next;
    }

    @Override
    public void tooLate(Throwable cause) {
        if (over.compareAndSet(false, true)) {
            told.failed(chain.get(at), cause);
            told.ended();
        }
    }

    /** As an adapter sees it. */
    private record Asked(Link.Elsewhere link, FailureRule failures, long leftNanos) implements Alternate {
        @Override
        public @Nullable URI uri() {
            return link instanceof Link.Alternate http ? http.uri() : null;
        }

        @Override
        public @Nullable String target() {
            return link instanceof Link.AlternateChannel grpc ? grpc.target() : null;
        }

        @Override
        public boolean isPlaintext() {
            return link instanceof Link.AlternateChannel grpc && grpc.plaintext();
        }

        @Override
        public @Nullable String url() {
            return link instanceof Link.AlternateDatabase jdbc ? jdbc.url() : null;
        }

        @Override
        public long deadlineNanos() {
            return Math.max(1, Math.min(link.deadline().toNanos(), leftNanos));
        }

        @Override
        public boolean sendsCredentials() {
            return link.credentials();
        }

        @Override
        public boolean isFault(Ending ending) {
            return failures.classify(ending) == Outcome.FAILURE;
        }
    }
}
