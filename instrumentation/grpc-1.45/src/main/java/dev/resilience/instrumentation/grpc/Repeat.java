package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Attempt;
import dev.resilience.instrumentation.api.PushBack;
import io.grpc.CallOptions;
import io.grpc.Deadline;
import io.grpc.Metadata;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One attempt of a unary call that may be made again. */
final class Repeat implements Attempt {
    static final Metadata.Key<String> PUSHBACK =
            Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

    /** Which attempt a call follows: said once, as options are handed on to calls that do not. */
    private static final CallOptions.Key<AtomicReference<@Nullable Again>> FOLLOWS =
            CallOptions.Key.create("resilience-follows");

    private final Plan plan;
    private final Metadata headers;
    private final @Nullable Deadline inherited;

    /** What is known when it ends, by the thread that settles it then. */
    private @Nullable Metadata trailers;

    private @Nullable Object message;
    private boolean isShown;

    /** @param inherited the deadline of the context that it was started in */
    Repeat(Plan plan, Metadata headers, @Nullable Deadline inherited) {
        this.plan = plan;
        this.headers = copy(headers); // the call puts its own into those, credentials for example
        this.inherited = inherited;
    }

    /** The options of a call that follows another. */
    static CallOptions following(CallOptions options, Again again) {
        return options.withOption(FOLLOWS, new AtomicReference<>(again));
    }

    static @Nullable Again followed(CallOptions options) {
        AtomicReference<@Nullable Again> said = options.getOption(FOLLOWS);
        return said == null ? null : said.getAndSet(null);
    }

    /** As the application gave them; each attempt has its own. */
    Metadata headers() {
        return copy(headers);
    }

    private static Metadata copy(Metadata of) {
        Metadata copy = new Metadata();
        copy.merge(of);
        return copy;
    }

    /** It ends. */
    void ending(Metadata with, @Nullable Object asked, boolean wasShown) {
        trailers = with;
        message = asked;
        isShown = wasShown;
    }

    @Override
    public boolean isIdempotent() {
        return false; // gRPC does not say
    }

    @Override
    public String rpc() {
        return plan.method().getFullMethodName();
    }

    /** gRPC itself takes it for granted that a message can be written twice; but for those that are read as they are. */
    @Override
    public boolean isReplayable() {
        Object said = message;
        return said != null
                && !(said instanceof AutoCloseable)
                && !said.getClass().getName().startsWith("io.netty.");
    }

    @Override
    public boolean isShown() {
        return isShown;
    }

    @Override
    public long pushBackNanos() {
        Metadata with = trailers;
        return PushBack.ofGrpc(with == null ? null : with.get(PUSHBACK));
    }

    @Override
    public long leftNanos() {
        return left(plan.asked(), inherited);
    }

    /** What is left of the caller's own time, in nanoseconds; {@link Long#MAX_VALUE} where he has set none. */
    static long left(CallOptions asked, @Nullable Deadline inherited) {
        return Math.min(left(asked.getDeadline()), left(inherited));
    }

    private static long left(@Nullable Deadline deadline) {
        return deadline == null ? Long.MAX_VALUE : Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS));
    }
}
