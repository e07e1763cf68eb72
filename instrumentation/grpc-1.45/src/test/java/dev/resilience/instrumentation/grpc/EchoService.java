package dev.resilience.instrumentation.grpc;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A service of every kind of method that does what it is told: {@code hang}, {@code fail NAME} with that status,
 * {@code part NAME} with that status after one message, anything else comes back.
 */
final class EchoService {
    static final MethodDescriptor<String, String> UNARY = method("Unary", MethodType.UNARY);
    static final MethodDescriptor<String, String> SERVER = method("Server", MethodType.SERVER_STREAMING);
    static final MethodDescriptor<String, String> CLIENT = method("Client", MethodType.CLIENT_STREAMING);
    static final MethodDescriptor<String, String> BIDI = method("Bidi", MethodType.BIDI_STREAMING);

    final AtomicInteger calls = new AtomicInteger();
    final AtomicInteger cancels = new AtomicInteger();
    /** Of the last call, as its caller told it; null if it told none. */
    volatile @Nullable Deadline deadline;

    /** The first call of a JVM may take longer than any deadline of a test. */
    static void warmUp() throws IOException, InterruptedException {
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new EchoService().definition())
                .build()
                .start();
        ManagedChannel channel = ManagedChannelBuilder.forTarget("127.0.0.1:" + server.getPort())
                .usePlaintext()
                .build();
        ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, "warm");
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }

    /**
     * Ends a server, and waits until its client has seen it: gRPC never answers a call that has sent nothing and began
     * before that, unless it has a deadline.
     */
    static void kill(Server server, ManagedChannel channel) throws InterruptedException {
        server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        assertThat(eventually(() -> channel.getState(false) != ConnectivityState.READY))
                .isTrue();
    }

    ServerServiceDefinition definition() {
        return ServerServiceDefinition.builder("test.Echo")
                .addMethod(UNARY, ServerCalls.asyncUnaryCall((request, out) -> {
                    begin(out);
                    answer(request, 1, out);
                }))
                .addMethod(SERVER, ServerCalls.asyncServerStreamingCall((request, out) -> {
                    begin(out);
                    answer(request, 3, out);
                }))
                .addMethod(CLIENT, ServerCalls.asyncClientStreamingCall(out -> {
                    begin(out);
                    return new Collecting(out);
                }))
                .addMethod(BIDI, ServerCalls.asyncBidiStreamingCall(out -> {
                    begin(out);
                    return new Echoing(out);
                }))
                .build();
    }

    private void begin(StreamObserver<String> out) {
        deadline = Context.current().getDeadline();
        calls.incrementAndGet();
        ((ServerCallStreamObserver<String>) out).setOnCancelHandler(cancels::incrementAndGet);
    }

    private static void answer(String request, int times, StreamObserver<String> out) {
        String[] words = request.split(" ", 2);
        switch (words[0]) {
            case "hang" -> {}
            case "fail" ->
                out.onError(Status.fromCode(Status.Code.valueOf(words[1]))
                        .withDescription("told so")
                        .asRuntimeException());
            case "part" -> {
                out.onNext("part");
                out.onError(Status.fromCode(Status.Code.valueOf(words[1])).asRuntimeException());
            }
            case "start" -> out.onNext("started");
            default -> {
                for (int i = 0; i < times; i++) {
                    out.onNext(request);
                }
                out.onCompleted();
            }
        }
    }

    private static MethodDescriptor<String, String> method(String name, MethodType type) {
        return MethodDescriptor.<String, String>newBuilder()
                .setType(type)
                .setFullMethodName("test.Echo/" + name)
                .setRequestMarshaller(new Text())
                .setResponseMarshaller(new Text())
                .build();
    }

    private static final class Collecting implements StreamObserver<String> {
        private final StreamObserver<String> out;
        private final StringBuilder all = new StringBuilder();

        Collecting(StreamObserver<String> out) {
            this.out = out;
        }

        @Override
        public void onNext(String value) {
            all.append(value);
        }

        @Override
        public void onError(Throwable t) {}

        @Override
        public void onCompleted() {
            answer(all.toString(), 1, out);
        }
    }

    private static final class Echoing implements StreamObserver<String> {
        private final StreamObserver<String> out;

        Echoing(StreamObserver<String> out) {
            this.out = out;
        }

        @Override
        public void onNext(String value) {
            if (value.startsWith("fail ") || value.startsWith("part ")) {
                answer(value, 1, out);
            } else if (!value.equals("hang")) {
                out.onNext(value);
            }
        }

        @Override
        public void onError(Throwable t) {}

        @Override
        public void onCompleted() {
            out.onCompleted();
        }
    }

    private static final class Text implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
