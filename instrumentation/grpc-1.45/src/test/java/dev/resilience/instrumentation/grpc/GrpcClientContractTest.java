package dev.resilience.instrumentation.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.StaticAnswer;
import dev.resilience.testkit.ClientContract;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;

/** Unary calls; what streams do instead stands in {@link GrpcGuardTest}. */
class GrpcClientContractTest extends ClientContract {
    private final EchoService echo = new EchoService();
    private final Server server =
            Transport.NETTY.server().addService(echo.definition()).build().start();
    private final ManagedChannel channel = Transport.NETTY.channel(server).build();

    GrpcClientContractTest() throws IOException {}

    @AfterAll
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
    }

    @Override
    protected ClientModule module() {
        return new GrpcModule();
    }

    @Override
    protected Map<String, Way> ways() {
        return Map.of("blocking", new Blocking(), "future", new Future(), "async", new Async());
    }

    @Override
    protected boolean blocks(String way) {
        return way.equals("blocking");
    }

    @Override
    protected int arrived() {
        return echo.calls.get();
    }

    @Override
    protected int abandoned() {
        return echo.cancels.get();
    }

    @Override
    protected String tokenOfNo() {
        return "NOT_FOUND";
    }

    @Override
    protected String tokenOfFault() {
        return "UNAVAILABLE";
    }

    @Override
    protected String tokenOfAnswer() {
        return "ok";
    }

    @Override
    protected void assertRefusal(Throwable thrown, String message) {
        assertThat(thrown).isInstanceOf(StatusRuntimeException.class).hasMessage("UNAVAILABLE: " + message);
    }

    @Override
    protected void assertExpiry(Throwable thrown, String message) {
        assertThat(thrown).isInstanceOf(StatusRuntimeException.class).hasMessageStartingWith("DEADLINE_EXCEEDED: ");
    }

    @Override
    protected StaticAnswer staticAnswer() {
        return new StaticAnswer(200, null, Map.of(), "instead".getBytes(StandardCharsets.UTF_8), null);
    }

    @Override
    protected String textOfStaticAnswer() {
        return "instead";
    }

    private ClientCall<String, String> newCall() {
        return channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
    }

    private static String request(Behaviour behaviour) {
        return switch (behaviour) {
            case ANSWERS -> "hello";
            case SAYS_NO -> "fail NOT_FOUND";
            case FAILS -> "fail UNAVAILABLE";
            case HANGS -> "hang";
        };
    }

    private static String result(java.util.concurrent.Future<String> future) throws Exception {
        try {
            return future.get(10, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof StatusRuntimeException status ? status : e;
        }
    }

    private final class Blocking implements Way {
        @Override
        public String call(Behaviour behaviour) {
            return ClientCalls.blockingUnaryCall(newCall(), request(behaviour));
        }

        @Override
        public boolean giveUp() throws Exception {
            int before = arrived();
            CompletableFuture<Void> over = new CompletableFuture<>();
            try (Context.CancellableContext context = Context.current().withCancellation()) {
                Thread caller = new Thread(context.wrap(() -> {
                    try {
                        call(Behaviour.HANGS);
                    } finally {
                        over.complete(null);
                    }
                }));
                caller.setUncaughtExceptionHandler((thread, cancelled) -> {});
                caller.start();
                awaitArrival(before);
            }
            over.get(10, TimeUnit.SECONDS);
            return true;
        }
    }

    private final class Future implements Way {
        @Override
        public String call(Behaviour behaviour) throws Exception {
            return result(ClientCalls.futureUnaryCall(newCall(), request(behaviour)));
        }

        @Override
        public boolean giveUp() throws Exception {
            int before = arrived();
            ListenableFuture<String> future = ClientCalls.futureUnaryCall(newCall(), request(Behaviour.HANGS));
            awaitArrival(before);
            return future.cancel(true);
        }
    }

    private final class Async implements Way {
        @Override
        public String call(Behaviour behaviour) throws Exception {
            CompletableFuture<String> answer = new CompletableFuture<>();
            ClientCalls.asyncUnaryCall(newCall(), request(behaviour), into(answer));
            return result(answer);
        }

        @Override
        public boolean giveUp() throws Exception {
            int before = arrived();
            CompletableFuture<String> answer = new CompletableFuture<>();
            ClientCall<String, String> call = newCall();
            ClientCalls.asyncUnaryCall(call, request(Behaviour.HANGS), into(answer));
            awaitArrival(before);
            call.cancel("given up", null);
            return answer.handle((message, thrown) -> thrown != null).get(10, TimeUnit.SECONDS);
        }
    }

    private void awaitArrival(int before) throws InterruptedException {
        for (int i = 0; arrived() == before && i < 10_000; i++) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private static StreamObserver<String> into(CompletableFuture<String> answer) {
        return new StreamObserver<>() {
            @Override
            public void onNext(String message) {
                answer.complete(message);
            }

            @Override
            public void onError(Throwable thrown) {
                answer.completeExceptionally(thrown);
            }

            @Override
            public void onCompleted() {}
        };
    }
}
