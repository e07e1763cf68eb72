package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Alternate;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The channels to those who are asked instead, made by the application's own gRPC when they are first needed. */
final class AlternateChannels {
    /** After how long without a call one gives up its connection. */
    private static final long IDLE_MINUTES = 5;

    private static final CallOptions.Key<Boolean> ALTERNATE = CallOptions.Key.create("resilience-alternate");

    private final ConcurrentHashMap<Name, ManagedChannel> channels = new ConcurrentHashMap<>();

    private record Name(String target, boolean plaintext) {}

    ManagedChannel of(Alternate alternate) {
        String target = alternate.target();
        if (target == null) {
            throw new UnsupportedOperationException("nobody that gRPC can ask");
        }
        return channels.computeIfAbsent(new Name(target, alternate.isPlaintext()), AlternateChannels::make);
    }

    private static ManagedChannel make(Name name) {
        ManagedChannelBuilder<?> builder =
                ManagedChannelBuilder.forTarget(name.target()).idleTimeout(IDLE_MINUTES, TimeUnit.MINUTES);
        return (name.plaintext() ? builder.usePlaintext() : builder).build();
    }

    /** Options by which {@link #isOne} knows a call to an alternate. */
    static CallOptions mark(CallOptions options) {
        return options.withOption(ALTERNATE, true);
    }

    static boolean isOne(CallOptions options) {
        return options.getOption(ALTERNATE) != null;
    }
}
