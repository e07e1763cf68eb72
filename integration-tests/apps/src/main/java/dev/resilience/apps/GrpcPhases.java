package dev.resilience.apps;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.URI;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes bursts of calls of {@link Echo}, one for each of its {@link Lines}: {@code ID KIND OPTION COUNT TARGET TEXT}.
 * KIND is {@code blocking}, {@code future} or {@code async} for unary calls,
 * {@code list}, {@code list-async}, {@code list-paused} (asks for one message and no more), {@code collect} or
 * {@code chat} for streams. OPTION is {@code plain}, {@code ready} (waits until the channel is), {@code blocked} (its
 * executor is, for a good second) or {@code slow} (takes its time over each message). {@code never:///x} is a target whose name
 * is never resolved.
 *
 * <p>Answers: {@code ID ENDING*COUNT,... MICROS ...}.
 */
public final class GrpcPhases {
    private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws IOException {
        NameResolverRegistry.getDefaultRegistry().register(new Never());
        Lines.serve(6, new GrpcPhases()::answerTo);
    }

    private String answerTo(String[] words) throws Exception {
        ManagedChannel channel = channels.computeIfAbsent(
                words[4],
                target -> ManagedChannelBuilder.forTarget(target).usePlaintext().build());
        CallOptions options = options(words[2]);
        boolean slow = words[2].equals("slow");
        return Burst.of(Integer.parseInt(words[3]), () -> call(words[1], channel, options, slow, words[5]));
    }

    private static CallOptions options(String option) {
        return switch (option) {
            case "ready" -> CallOptions.DEFAULT.withWaitForReady();
            case "blocked" -> CallOptions.DEFAULT.withExecutor(blocked());
            default -> CallOptions.DEFAULT;
        };
    }

    private static Executor blocked() {
        ExecutorService executor = Executors.newSingleThreadExecutor(task -> Lines.daemon(task, "callbacks-1"));
        executor.execute(() -> pause(1_400));
        return executor;
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String call(String kind, ManagedChannel channel, CallOptions options, boolean slow, String text)
            throws Exception {
        switch (kind) {
            case "blocking":
                return ClientCalls.blockingUnaryCall(channel, Echo.SAY, options, text);
            case "future":
                return ClientCalls.futureUnaryCall(channel.newCall(Echo.SAY, options), text)
                        .get(20, TimeUnit.SECONDS);
            case "list":
                Iterator<String> items = ClientCalls.blockingServerStreamingCall(channel, Echo.LIST, options, text);
                int count = 0;
                while (items.hasNext()) {
                    items.next();
                    count++;
                    pause(slow ? 700 : 0);
                }
                return "messages_" + count;
            case "list-paused":
                return paused(channel.newCall(Echo.LIST, options), text);
            default:
                Ended ended = new Ended();
                begin(kind, channel, options, text, ended);
                return ended.done.get(20, TimeUnit.SECONDS);
        }
    }

    private static void begin(String kind, ManagedChannel channel, CallOptions options, String text, Ended ended) {
        switch (kind) {
            case "async" -> ClientCalls.asyncUnaryCall(channel.newCall(Echo.SAY, options), text, ended);
            case "list-async" -> ClientCalls.asyncServerStreamingCall(channel.newCall(Echo.LIST, options), text, ended);
            case "collect" -> {
                StreamObserver<String> requests =
                        ClientCalls.asyncClientStreamingCall(channel.newCall(Echo.COLLECT, options), ended);
                requests.onNext(text);
                pause(700); // what it says takes longer than what it hears may
                requests.onCompleted();
            }
            case "chat" -> {
                StreamObserver<String> requests =
                        ClientCalls.asyncBidiStreamingCall(channel.newCall(Echo.CHAT, options), ended);
                requests.onNext(text);
            }
            default -> throw new IllegalArgumentException("no such call: " + kind);
        }
    }

    /** Asks for one message, and for the next only after 700 ms. */
    private static String paused(ClientCall<String, String> call, String text) throws Exception {
        CompletableFuture<String> done = new CompletableFuture<>();
        call.start(
                new ClientCall.Listener<>() {
                    private int messages;

                    @Override
                    public void onMessage(String message) {
                        messages++;
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        if (status.isOk()) {
                            done.complete("messages_" + messages);
                        } else {
                            done.completeExceptionally(status.asRuntimeException());
                        }
                    }
                },
                new Metadata());
        call.request(1);
        call.sendMessage(text);
        call.halfClose();
        pause(700);
        call.request(10);
        return done.get(20, TimeUnit.SECONDS);
    }

    /** Counts what a stream says until it ends. */
    private static final class Ended implements StreamObserver<String> {
        private final CompletableFuture<String> done = new CompletableFuture<>();
        private int messages;

        @Override
        public void onNext(String message) {
            messages++;
        }

        @Override
        public void onError(Throwable thrown) {
            done.completeExceptionally(thrown);
        }

        @Override
        public void onCompleted() {
            done.complete("messages_" + messages);
        }
    }

    /** Resolves names, and never says what it found. */
    private static final class Never extends NameResolverProvider {
        @Override
        protected boolean isAvailable() {
            return true;
        }

        @Override
        protected int priority() {
            return 5;
        }

        @Override
        public String getDefaultScheme() {
            return "never";
        }

        @Override
        public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args arguments) {
            if (!"never".equals(target.getScheme())) {
                return null;
            }
            return new NameResolver() {
                @Override
                public String getServiceAuthority() {
                    return "never";
                }

                @Override
                public void start(Listener2 listener) {
                    // and that is all
                }

                @Override
                public void shutdown() {}
            };
        }
    }
}
