package dev.resilience.it;

import dev.resilience.apps.Echo;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server of {@link Echo} that stalls where it is told by the text it is sent: {@code hang} answers nothing,
 * {@code headers} with no more than those, {@code message} with one message and no end, {@code items N GAP} with N
 * messages, a gap of milliseconds apart, and no end; {@code done N GAP} ends after them. Anything else comes back.
 */
final class StallingService implements AutoCloseable {
    private final AtomicInteger cancelled = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Server server;

    StallingService() {
        try {
            server = ServerBuilder.forPort(0)
                    .addService(ServerServiceDefinition.builder("resilience.Echo")
                            .addMethod(streaming(Echo.SAY), (call, headers) -> new Stalling(call, true))
                            .addMethod(Echo.LIST, (call, headers) -> new Stalling(call, true))
                            .addMethod(streaming(Echo.COLLECT), (call, headers) -> new Stalling(call, true))
                            .addMethod(Echo.CHAT, (call, headers) -> new Stalling(call, false))
                            .build())
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A server that flushes a message must not know that it is the only one. */
    private static MethodDescriptor<String, String> streaming(MethodDescriptor<String, String> method) {
        return method.toBuilder().setType(MethodType.BIDI_STREAMING).build();
    }

    int port() {
        return server.getPort();
    }

    String target() {
        return "127.0.0.1:" + server.getPort();
    }

    /** How many calls have come and not ended. */
    int open() {
        return open.get();
    }

    /** How many calls their clients have cancelled. */
    int cancelled() {
        return cancelled.get();
    }

    @Override
    public void close() {
        server.shutdownNow();
        timer.shutdownNow();
    }

    private final class Stalling extends ServerCall.Listener<String> {
        private final ServerCall<String, String> call;
        private final boolean afterAll;
        private String text = "";

        Stalling(ServerCall<String, String> call, boolean afterAll) {
            this.call = call;
            this.afterAll = afterAll;
            open.incrementAndGet();
            call.request(100);
        }

        @Override
        public void onMessage(String message) {
            text = message;
            if (!afterAll) {
                answer();
            }
        }

        @Override
        public void onHalfClose() {
            if (afterAll) {
                answer();
            }
        }

        @Override
        public void onCancel() {
            cancelled.incrementAndGet();
            open.decrementAndGet();
        }

        @Override
        public void onComplete() {
            open.decrementAndGet();
        }

        private void answer() {
            String[] words = text.split(" ", -1);
            if (words[0].equals("hang")) {
                return;
            }
            call.sendHeaders(new Metadata());
            switch (words[0]) {
                case "headers" -> {}
                case "message" -> call.sendMessage(text);
                case "items", "done" ->
                    say(Integer.parseInt(words[1]), Integer.parseInt(words[2]), words[0].equals("done"));
                default -> {
                    call.sendMessage(text);
                    call.close(Status.OK, new Metadata());
                }
            }
        }

        @SuppressWarnings("FutureReturnValueIgnored") // nothing in it fails
        private void say(int left, int gapMillis, boolean ends) {
            if (call.isCancelled()) {
                return;
            }
            if (left > 0) {
                call.sendMessage("item");
                timer.schedule(() -> say(left - 1, gapMillis, ends), gapMillis, TimeUnit.MILLISECONDS);
            } else if (ends) {
                call.close(Status.OK, new Metadata());
            }
        }
    }
}
