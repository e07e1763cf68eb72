package dev.resilience.apps;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The gRPC server of {@link Echo}. What it does is in the text it is sent: {@code hang} never answers, {@code slow N}
 * answers after N milliseconds (as a word of a list, comes so much later than the one before), {@code fail CODE} answers with that status,
 * {@code flaky N MILLIS} fails with UNAVAILABLE the first N times it comes, asking to be left alone so long (0 says nothing),
 * {@code reset} resets the stream, anything else comes back. A list does not go on after {@code hang}.
 */
public final class EchoServer {
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger cancelled = new AtomicInteger();
    private final AtomicInteger streams = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();
    private volatile boolean failing;

    /** Serves on the port given, or on a free one, and says which. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Server server = new EchoServer().start(arguments.length == 0 ? 0 : Integer.parseInt(arguments[0]));
        System.out.println("port " + server.getPort());
        System.out.flush();
        server.awaitTermination();
    }

    /** Starts a server on this port, 0 for a free one. */
    public Server start(int port) throws IOException {
        return start(port, InsecureServerCredentials.create());
    }

    /** The same for those who trust these credentials. */
    public Server start(int port, ServerCredentials credentials) throws IOException {
        return Grpc.newServerBuilderForPort(port, credentials)
                .addService(ServerServiceDefinition.builder("resilience.Echo")
                        .addMethod(Echo.SAY, ServerCalls.asyncUnaryCall(this::say))
                        .addMethod(Echo.LIST, ServerCalls.asyncServerStreamingCall(this::list))
                        .addMethod(Echo.COLLECT, ServerCalls.asyncClientStreamingCall(this::collect))
                        .addMethod(Echo.CHAT, ServerCalls.asyncBidiStreamingCall(this::chat))
                        .build())
                .addStreamTracerFactory(new OpenStreams())
                .addTransportFilter(new OpenConnections())
                .build()
                .start();
    }

    /** While set, every unary call fails with UNAVAILABLE. */
    public void failing(boolean on) {
        failing = on;
    }

    /** How many calls came. */
    public int calls() {
        return calls.get();
    }

    /** How many of them the client cancelled. */
    public int cancelled() {
        return cancelled.get();
    }

    /** How many streams are open at the transport. */
    public int openStreams() {
        return streams.get();
    }

    /** How many connections are open. */
    public int openConnections() {
        return connections.get();
    }

    private final class OpenStreams extends ServerStreamTracer.Factory {
        @Override
        public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
            streams.incrementAndGet();
            return new ServerStreamTracer() {
                @Override
                public void streamClosed(Status status) {
                    streams.decrementAndGet();
                }
            };
        }
    }

    private final class OpenConnections extends ServerTransportFilter {
        @Override
        public Attributes transportReady(Attributes attributes) {
            connections.incrementAndGet();
            return attributes;
        }

        @Override
        public void transportTerminated(Attributes attributes) {
            connections.decrementAndGet();
        }
    }

    private void say(String text, StreamObserver<String> responses) {
        calls.incrementAndGet();
        if (responses instanceof io.grpc.stub.ServerCallStreamObserver<String> call) {
            call.setOnCancelHandler(cancelled::incrementAndGet);
        }
        if (failing || text.startsWith("fail ")) {
            responses.onError(Status.Code.valueOf(failing ? "UNAVAILABLE" : text.substring(5))
                    .toStatus()
                    .withDescription("as told")
                    .asRuntimeException());
        } else if (text.startsWith("flaky ")) {
            flaky(text, responses);
        } else if (text.startsWith("slow ")) {
            io.grpc.Context.current().fork().run(() -> later(Long.parseLong(text.substring(5)), responses, text));
        } else if (text.equals("reset")) {
            responses.onCompleted(); // without an answer: for that, gRPC cancels the stream
        } else if (!text.equals("hang")) {
            answer(responses, text);
        }
    }

    private void flaky(String text, StreamObserver<String> responses) {
        String[] words = text.split(" ", -1);
        int time = asked.computeIfAbsent(text, first -> new AtomicInteger()).getAndIncrement();
        if (time >= Integer.parseInt(words[1])) {
            answer(responses, text);
            return;
        }
        Metadata trailers = new Metadata();
        if (!words[2].equals("0")) {
            trailers.put(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), words[2]);
        }
        responses.onError(Status.UNAVAILABLE.withDescription("flaky").asRuntimeException(trailers));
    }

    private static void later(long millis, StreamObserver<String> responses, String text) {
        java.util.concurrent.CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS)
                .execute(() -> answer(responses, text));
    }

    private static void answer(StreamObserver<String> responses, String text) {
        responses.onNext(text);
        responses.onCompleted();
    }

    private void list(String text, StreamObserver<String> responses) {
        calls.incrementAndGet();
        for (String word : text.split(",", -1)) {
            if (word.equals("hang")) {
                return;
            }
            if (word.startsWith("slow ")) {
                pause(Long.parseLong(word.substring(5)));
            }
            responses.onNext(word);
        }
        responses.onCompleted();
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private StreamObserver<String> collect(StreamObserver<String> responses) {
        calls.incrementAndGet();
        List<String> words = new ArrayList<>();
        return new StreamObserver<>() {
            @Override
            public void onNext(String word) {
                words.add(word);
            }

            @Override
            public void onError(Throwable thrown) {
                cancelled.incrementAndGet();
            }

            @Override
            public void onCompleted() {
                answer(responses, words.toString());
            }
        };
    }

    private StreamObserver<String> chat(StreamObserver<String> responses) {
        calls.incrementAndGet();
        return new StreamObserver<>() {
            @Override
            public void onNext(String word) {
                responses.onNext(word);
            }

            @Override
            public void onError(Throwable thrown) {
                cancelled.incrementAndGet();
            }

            @Override
            public void onCompleted() {
                responses.onCompleted();
            }
        };
    }
}
