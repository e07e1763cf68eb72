package dev.resilience.instrumentation.grpc;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.testkit.RealGuards;
import dev.resilience.testkit.ScriptedGuards;
import dev.resilience.testkit.Woven;
import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ForwardingServerCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import kotlin.coroutines.EmptyCoroutineContext;
import kotlinx.coroutines.BuildersKt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Earlier messages given in place of none, by the real guard. */
@Timeout(60)
class SnapshotsTest {
    private static final ScriptedGuards SCRIPTED = new ScriptedGuards();
    private static Woven woven;

    private final EchoService echo = new EchoService();
    private Server server;
    private ManagedChannel channel;
    private RealGuards guards;

    @BeforeAll
    static void weave() throws IOException, InterruptedException {
        woven = Woven.with(new GrpcModule(), SCRIPTED);
        EchoService.warmUp();
    }

    @AfterAll
    static void unweave() {
        woven.close();
        assertThat(woven.warnings()).isEmpty();
    }

    @BeforeEach
    void start() throws IOException {
        SCRIPTED.reset();
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(echo.definition())
                .build()
                .start();
        channel = channel();
        guard("policies.stock.fallback.snapshot.max-age=10m");
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
        server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        assertThat(guards.faults()).isEmpty();
        SCRIPTED.reset();
    }

    private ManagedChannel channel() {
        return ManagedChannelBuilder.forTarget("127.0.0.1:" + server.getPort())
                .usePlaintext()
                .build();
    }

    private void guard(String... more) {
        List<String> properties = new java.util.ArrayList<>(List.of(
                "mode=enforce",
                "policies.stock.match.protocol=grpc",
                "policies.stock.breaker.strategy=consecutive",
                "policies.stock.deadline=2s"));
        properties.addAll(List.of(more));
        guards = new RealGuards(properties.toArray(String[]::new));
        SCRIPTED.giveWayTo(guards.registry());
    }

    private static String ask(Channel by, String text) {
        return ClientCalls.blockingUnaryCall(by, EchoService.UNARY, CallOptions.DEFAULT, text);
    }

    /** As a stub that is generated for Kotlin does. */
    private String askByCoroutine(String text) throws InterruptedException {
        return (String) BuildersKt.runBlocking(
                EmptyCoroutineContext.INSTANCE,
                (scope, then) -> io.grpc.kotlin.ClientCalls.INSTANCE.unaryRpc(
                        channel, EchoService.UNARY, text, CallOptions.DEFAULT, new Metadata(), then));
    }

    private void learn(String text) {
        long before = guards.kept();
        assertThat(ask(channel, text)).isEqualTo(text);
        assertThat(eventually(() -> guards.kept() > before)).isTrue();
    }

    private void kill() throws InterruptedException {
        EchoService.kill(server, channel);
    }

    /** The target is dead, and its breaker open. */
    private void open() throws InterruptedException {
        kill();
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> ask(channel, "unheard of")).isInstanceOf(StatusRuntimeException.class);
        }
        assertThatThrownBy(() -> ask(channel, "unheard of")).hasMessageContaining("circuit_open");
    }

    @Test
    void givesTheMessageOfTheSameRequest() throws Exception {
        learn("apples");
        learn("pears");
        kill();
        assertThat(ask(channel, "apples")).isEqualTo("apples");
        assertThat(ask(channel, "pears")).isEqualTo("pears");
        assertThatThrownBy(() -> ask(channel, "plums")).hasMessageContaining("UNAVAILABLE");
        assertThat(guards.fallbacks().subList(0, 2)).containsExactly("snapshot", "snapshot");
        assertThat(guards.fallbacks().get(2)).startsWith("snapshot failed: no_snapshot");
        assertThat(guards.executed().get(0).ageMillis()).isBetween(0L, 10_000L);
    }

    @Test
    void waitsForTheRequestOfACallThatIsRefused() throws Exception {
        learn("apples");
        open();
        int reached = echo.calls.get();
        assertThat(ask(channel, "apples")).isEqualTo("apples");
        assertThat(ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "apples")
                        .get(5, TimeUnit.SECONDS))
                .isEqualTo("apples");
        CompletableFuture<String> heard = new CompletableFuture<>();
        ClientCalls.asyncUnaryCall(
                channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "apples", new StreamObserver<>() {
                    @Override
                    public void onNext(String value) {
                        heard.complete(value);
                    }

                    @Override
                    public void onError(Throwable thrown) {
                        heard.completeExceptionally(thrown);
                    }

                    @Override
                    public void onCompleted() {}
                });
        assertThat(heard.get(5, TimeUnit.SECONDS)).isEqualTo("apples");
        assertThat(echo.calls.get()).isEqualTo(reached);
    }

    @Test
    void givesAMessageToACoroutine() throws Exception {
        assertThat(askByCoroutine("apples")).isEqualTo("apples");
        assertThat(eventually(() -> guards.kept() == 1)).isTrue();
        kill();
        assertThat(askByCoroutine("apples")).isEqualTo("apples");
        assertThatThrownBy(() -> askByCoroutine("plums"))
                .isInstanceOf(StatusException.class)
                .hasMessageContaining("UNAVAILABLE");
        open();
        int reached = echo.calls.get();
        assertThat(askByCoroutine("apples")).isEqualTo("apples");
        assertThatThrownBy(() -> askByCoroutine("plums"))
                .isInstanceOf(StatusException.class)
                .hasMessageContaining("circuit_open");
        assertThat(echo.calls.get()).isEqualTo(reached);
    }

    /** As stubs do that send from another thread: the target is found dead before it is known what is asked. */
    @Test
    void givesAMessageToACallerThatSaysWhatItAsksOnceTheCallFailed() throws Exception {
        learn("apples");
        kill();
        ExecutorService callbacks = Executors.newSingleThreadExecutor();
        try {
            for (String then : List.of("ask", "cancel", "wait")) {
                var call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT.withExecutor(callbacks));
                CompletableFuture<String> received = new CompletableFuture<>();
                CompletableFuture<String> closed = new CompletableFuture<>();
                call.start(
                        new io.grpc.ClientCall.Listener<>() {
                            @Override
                            public void onMessage(String message) {
                                received.complete(message);
                            }

                            @Override
                            public void onClose(io.grpc.Status status, Metadata trailers) {
                                closed.complete(status.getCode().name());
                            }
                        },
                        new Metadata());
                call.request(2);
                assertThat(eventually(() -> guards.registry().inFlight() == 0)).isTrue(); // the connection was refused
                callbacks.submit(() -> {}).get(5, TimeUnit.SECONDS); // and what heard of that has returned
                assertThat(closed).isNotDone();
                if (then.equals("ask")) {
                    call.sendMessage("apples");
                    call.halfClose();
                    assertThat(closed.get(5, TimeUnit.SECONDS)).isEqualTo("OK");
                    assertThat(received.get(1, TimeUnit.SECONDS)).isEqualTo("apples");
                } else if (then.equals("cancel")) {
                    call.cancel("enough", null);
                    assertThat(closed.get(5, TimeUnit.SECONDS)).isEqualTo("CANCELLED");
                } else {
                    assertThat(closed.get(5, TimeUnit.SECONDS)).isEqualTo("UNAVAILABLE");
                }
            }
        } finally {
            callbacks.shutdown();
        }
    }

    @Test
    void aRefusedCallThatIsGivenUpBeforeItAskedIsOver() throws Exception {
        learn("apples");
        open();
        var call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
        CompletableFuture<String> closed = new CompletableFuture<>();
        call.start(
                new io.grpc.ClientCall.Listener<>() {
                    @Override
                    public void onClose(io.grpc.Status status, Metadata trailers) {
                        closed.complete(status.getCode().name());
                    }
                },
                new Metadata());
        call.request(1);
        call.cancel("enough", null);
        assertThat(closed.get(5, TimeUnit.SECONDS)).isEqualTo("CANCELLED");
    }

    /** One that would ask once it is told that it may, which nobody will tell it. */
    @Test
    void aRefusedCallThatSaysNothingIsOver() throws Exception {
        learn("apples");
        open();
        var call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
        CompletableFuture<String> closed = new CompletableFuture<>();
        call.start(
                new io.grpc.ClientCall.Listener<>() {
                    @Override
                    public void onClose(io.grpc.Status status, Metadata trailers) {
                        closed.complete(status.getDescription());
                    }
                },
                new Metadata());
        call.request(1);
        assertThat(closed.get(5, TimeUnit.SECONDS)).contains("circuit_open");
        assertThat(guards.fallbacks()).anyMatch(told -> told.contains("did not say what it asks"));
    }

    @Test
    void goesOnToTheAlternateOfARefusedCall() throws Exception {
        Metadata.Key<String> backed = Metadata.Key.of("x-backed", Metadata.ASCII_STRING_MARSHALLER);
        Server backup = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(echo.definition())
                .intercept(new ServerInterceptor() {
                    @Override
                    public <Q, A> ServerCall.Listener<Q> interceptCall(
                            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                        return next.startCall(
                                new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
                                    @Override
                                    public void sendHeaders(Metadata sent) {
                                        sent.put(backed, "before");
                                        super.sendHeaders(sent);
                                    }

                                    @Override
                                    public void close(Status status, Metadata trailers) {
                                        trailers.put(backed, "after");
                                        super.close(status, trailers);
                                    }
                                },
                                headers);
                    }
                })
                .build()
                .start();
        try {
            guard(
                    "policies.stock.match.authority=127.0.0.1:" + server.getPort(),
                    "policies.stock.fallback.snapshot.max-age=10m",
                    "policies.stock.fallback.alternate.target=127.0.0.1:" + backup.getPort(),
                    "policies.stock.fallback.alternate.plaintext=true",
                    "policies.stock.deadline=20s",
                    "policies.stock.fallback.alternate.deadline=10s");
            kill();
            for (int i = 0; i < 7; i++) {
                assertThat(ask(channel, "apples " + i)).isEqualTo("apples " + i);
            }
            assertThat(guards.fallbacks()).contains("alternate").anyMatch(told -> told.startsWith("snapshot failed"));
            AtomicReference<Metadata> before = new AtomicReference<>();
            AtomicReference<Metadata> after = new AtomicReference<>();
            Channel captured =
                    ClientInterceptors.intercept(channel, MetadataUtils.newCaptureMetadataInterceptor(before, after));
            assertThat(ask(captured, "pears")).isEqualTo("pears");
            assertThat(Objects.requireNonNull(before.get()).get(backed)).isEqualTo("before");
            assertThat(Objects.requireNonNull(after.get()).get(backed)).isEqualTo("after");
        } finally {
            backup.shutdownNow();
        }
    }

    @Test
    void asksNobodyElseForACallerWhoWaitsNoLonger() throws Exception {
        guard(
                "policies.stock.fallback.alternate.target=127.0.0.1:1",
                "policies.stock.fallback.alternate.plaintext=true",
                "policies.stock.fallback.alternate.deadline=1s");
        CallOptions soon = CallOptions.DEFAULT.withDeadlineAfter(50, TimeUnit.MILLISECONDS);
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, EchoService.UNARY, soon, "hang"))
                .hasMessageStartingWith("DEADLINE_EXCEEDED");
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        try (Context.CancellableContext context =
                Context.current().withDeadlineAfter(50, TimeUnit.MILLISECONDS, timer)) {
            assertThatThrownBy(() -> context.call(() -> ask(channel, "hang")))
                    .hasMessageStartingWith("DEADLINE_EXCEEDED");
        } finally {
            timer.shutdownNow();
        }
        assertThat(guards.fallbacks())
                .containsExactly("alternate failed: no_time_left", "alternate failed: no_time_left");
    }

    @Test
    void givesNothingToAnother() throws Exception {
        Metadata ann = new Metadata();
        ann.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer ann");
        Metadata bob = new Metadata();
        bob.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer bob");
        Channel ofAnn = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(ann));
        Channel ofBob = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(bob));
        assertThat(ask(ofAnn, "apples")).isEqualTo("apples");
        assertThat(eventually(() -> guards.kept() == 1)).isTrue();
        ManagedChannel another = channel();
        kill();
        assertThat(ask(ofAnn, "apples")).isEqualTo("apples");
        assertThatThrownBy(() -> ask(ofBob, "apples")).hasMessageContaining("UNAVAILABLE");
        assertThatThrownBy(() -> ask(channel, "apples")).hasMessageContaining("UNAVAILABLE");
        assertThatThrownBy(() -> ask(another, "apples")).hasMessageContaining("UNAVAILABLE");
        another.shutdownNow();
    }

    @Test
    void keepsNothingOfCallsWithCredentialsItCannotSee() throws Exception {
        CallOptions options = CallOptions.DEFAULT.withCallCredentials(new CallCredentials() {
            @Override
            public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier applier) {
                applier.apply(new Metadata());
            }

            @SuppressWarnings("deprecation") // older versions have it
            public void thisUsesUnstableApi() {}
        });
        assertThat(ClientCalls.blockingUnaryCall(channel, EchoService.UNARY, options, "apples"))
                .isEqualTo("apples");
        learn("pears");
        assertThat(guards.kept()).isOne();
        kill();
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, EchoService.UNARY, options, "apples"))
                .hasMessageContaining("UNAVAILABLE");
    }

    @Test
    void keepsNoFaultAndNoBusinessError() throws Exception {
        assertThatThrownBy(() -> ask(channel, "fail NOT_FOUND")).hasMessageContaining("NOT_FOUND");
        assertThatThrownBy(() -> ask(channel, "part UNAVAILABLE")).hasMessageContaining("UNAVAILABLE");
        learn("apples");
        assertThat(guards.kept()).isOne();
        assertThatThrownBy(() -> ask(channel, "fail NOT_FOUND")).hasMessageContaining("NOT_FOUND");
    }

    @Test
    void answersAHangByItsDeadline() throws Exception {
        guard("policies.stock.fallback.snapshot.max-age=10m", "policies.stock.deadline=1s");
        learn("apples");
        assertThatThrownBy(() -> ask(channel, "hang")).hasMessageContaining("DEADLINE_EXCEEDED");
        assertThat(guards.fallbacks()).singleElement().asString().startsWith("snapshot failed: no_snapshot");
    }
}
