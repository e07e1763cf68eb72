package dev.resilience.apps;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;

/**
 * Says which thread runs what it registers for a call that ends badly, one for each of its {@link Lines}:
 * {@code ID KIND WHERE [TEXT]}. KIND is {@code stage} (of the client's future), {@code subscriber} (of a body's lines),
 * {@code observer} or {@code stream} (of gRPC), the last two with {@code -direct} behind for a channel whose
 * callbacks run on whatever thread has them.
 *
 * <p>Answers: {@code ID THREAD: ENDING}.
 */
public final class Callbacks {
    private final HttpClient http = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws IOException {
        Lines.serve(4, new Callbacks()::answerTo);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback tells its thread, no more
    private String answerTo(String[] words) throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();
        switch (words[1]) {
            case "stage" ->
                http.sendAsync(request(words[2]), BodyHandlers.ofString())
                        .whenComplete((response, thrown) -> tell(told, thrown == null ? "answered" : thrown));
            case "subscriber" ->
                http.sendAsync(request(words[2]), BodyHandlers.fromLineSubscriber(new Observer(told)))
                        .whenComplete((response, thrown) -> {}); // it is the subscriber's that is asked for
            default -> call(words, told);
        }
        return told.get(30, TimeUnit.SECONDS);
    }

    private static void call(String[] words, CompletableFuture<String> told) throws Exception {
        ManagedChannelBuilder<?> builder =
                ManagedChannelBuilder.forTarget(words[2]).usePlaintext();
        ManagedChannel channel = (words[1].endsWith("-direct") ? builder.directExecutor() : builder).build();
        try {
            if (words[1].startsWith("stream")) {
                ClientCalls.asyncServerStreamingCall(
                        channel.newCall(Echo.LIST, CallOptions.DEFAULT), words[3], new Observer(told));
            } else {
                ClientCalls.asyncUnaryCall(
                        channel.newCall(Echo.SAY, CallOptions.DEFAULT), words[3], new Observer(told));
            }
            told.get(30, TimeUnit.SECONDS);
        } finally {
            channel.shutdownNow();
        }
    }

    private static HttpRequest request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).build();
    }

    private static void tell(CompletableFuture<String> told, Object ending) {
        told.complete(Thread.currentThread().getName() + ": " + ending);
    }

    /** Of lines as of messages. */
    private record Observer(CompletableFuture<String> told) implements StreamObserver<String>, Flow.Subscriber<String> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(String item) {}

        @Override
        public void onError(Throwable thrown) {
            tell(told, thrown);
        }

        @Override
        public void onCompleted() {
            tell(told, "answered");
        }

        @Override
        public void onComplete() {
            onCompleted();
        }
    }
}
