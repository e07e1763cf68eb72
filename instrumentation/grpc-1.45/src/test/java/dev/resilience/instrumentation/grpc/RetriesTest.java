package dev.resilience.instrumentation.grpc;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.testkit.RealGuards;
import dev.resilience.testkit.ScriptedGuards;
import dev.resilience.testkit.Woven;
import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Unary calls made again by the real guard, over real sockets. */
@Timeout(60)
class RetriesTest {
    private static final Metadata.Key<String> TENANT = Metadata.Key.of("x-tenant", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> TOKEN =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final ScriptedGuards SCRIPTED = new ScriptedGuards();
    private static Woven woven;

    private final EchoService echo = new EchoService();
    private final Front front = new Front();
    private Server server;
    private ManagedChannel channel;
    private RealGuards guards;

    /** Answers the first calls as it was told, {@code STATUS} or {@code STATUS PUSHBACK}, and keeps what came. */
    private static final class Front implements ServerInterceptor {
        private final Queue<String> first = new ConcurrentLinkedQueue<>();
        private final List<Metadata> arrived = new CopyOnWriteArrayList<>();

        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            arrived.add(headers);
            String said = first.poll();
            if (said == null) {
                return next.startCall(call, headers);
            }
            String[] words = said.split(" ", 2);
            Metadata trailers = new Metadata();
            if (words.length > 1) {
                trailers.put(Repeat.PUSHBACK, words[1]);
            }
            call.close(Status.Code.valueOf(words[0]).toStatus().withDescription("as told"), trailers);
            return new ServerCall.Listener<>() {};
        }
    }

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
                .intercept(front)
                .build()
                .start();
        channel = ManagedChannelBuilder.forTarget("127.0.0.1:" + server.getPort())
                .usePlaintext()
                .build();
        guard("retry.attempts=3", "retry.methods=test.Echo/Una*");
    }

    @AfterEach
    void stop() throws InterruptedException {
        assertThat(eventually(() -> guards.registry().inFlight() == 0)).isTrue();
        channel.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
        server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        assertThat(guards.faults()).isEmpty();
        SCRIPTED.reset();
    }

    private void guard(String... more) {
        List<String> properties = new ArrayList<>(List.of(
                "mode=enforce",
                "policies.stock.match.protocol=grpc",
                "policies.stock.breaker.strategy=consecutive",
                "policies.stock.breaker.consecutive-failures=50",
                "policies.stock.deadline=5s"));
        if (List.of(more).stream().anyMatch(each -> each.startsWith("retry."))) {
            properties.add("policies.stock.retry.budget=100%");
        }
        for (String each : more) {
            properties.add(each.startsWith("mode=") ? each : "policies.stock." + each);
        }
        guards = new RealGuards(properties.toArray(String[]::new));
        SCRIPTED.giveWayTo(guards.registry());
    }

    private String ask(String text) {
        return ask(text, CallOptions.DEFAULT);
    }

    private String ask(String text, CallOptions options) {
        return ClientCalls.blockingUnaryCall(channel, EchoService.UNARY, options, text);
    }

    private List<String> retries() {
        return guards.retried().stream()
                .map(retry -> retry.attempts() + " " + retry.by() + " " + retry.reason() + " " + retry.ending())
                .toList();
    }

    /** Puts into the budget what this many calls put there. */
    private void earn(int calls) {
        for (int i = 0; i < calls; i++) {
            assertThat(ask("earning")).isEqualTo("earning");
        }
        front.arrived.clear();
    }

    @Test
    void answersByTheNextAttempt() throws Exception {
        earn(5);
        front.first.addAll(List.of("UNAVAILABLE", "UNAVAILABLE"));
        assertThat(ask("hello")).isEqualTo("hello");
        front.first.add("UNAVAILABLE");
        assertThat(ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "future")
                        .get(10, TimeUnit.SECONDS))
                .isEqualTo("future");

        assertThat(front.arrived).hasSize(5);
        assertThat(retries())
                .containsExactly("1 agent again UNAVAILABLE", "2 agent again UNAVAILABLE", "1 agent again UNAVAILABLE");
        assertThat(guards.registry().retries().get(0).retries()).isEqualTo(3);
    }

    @Test
    void handsOnTheLastAnswerAsItCame() {
        earn(5);
        front.first.addAll(List.of("UNAVAILABLE", "NOT_FOUND"));
        assertThatThrownBy(() -> ask("hello"))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessage("NOT_FOUND: as told");
        front.first.addAll(List.of("UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE"));
        assertThatThrownBy(() -> ask("again")).hasMessage("UNAVAILABLE: as told");
        assertThat(retries()).endsWith("3 agent attempts_spent UNAVAILABLE");
    }

    @Test
    void leavesMethodsThatThePolicyDoesNotName() {
        guard("retry.attempts=3", "retry.methods=test.Echo/Other");
        front.first.add("UNAVAILABLE");
        assertThatThrownBy(() -> ask("hello")).hasMessageContaining("UNAVAILABLE");
        assertThat(retries()).containsExactly("1 agent not_idempotent UNAVAILABLE");
    }

    @Test
    void leavesStreamsAndBusinessErrors() {
        guard("retry.attempts=3", "retry.methods=test.Echo/*");
        front.first.addAll(List.of("UNAVAILABLE", "INVALID_ARGUMENT"));
        assertThatThrownBy(() -> ClientCalls.blockingServerStreamingCall(
                                channel, EchoService.SERVER, CallOptions.DEFAULT, "hello")
                        .next())
                .hasMessageContaining("UNAVAILABLE");
        assertThatThrownBy(() -> ask("hello")).hasMessageContaining("INVALID_ARGUMENT");
        assertThat(front.arrived).hasSize(2);
        assertThat(retries()).isEmpty();
    }

    @Test
    void waitsAsLongAsItsTargetSays() {
        front.first.add("UNAVAILABLE 600");
        long began = System.nanoTime();
        assertThat(ask("hello")).isEqualTo("hello");
        assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(600_000_000);

        front.first.add("UNAVAILABLE -1");
        assertThatThrownBy(() -> ask("stop")).hasMessageContaining("UNAVAILABLE");
        front.first.add("UNAVAILABLE 9000");
        assertThatThrownBy(() -> ask("later")).hasMessageContaining("UNAVAILABLE");
        assertThat(retries())
                .containsExactly(
                        "1 agent again UNAVAILABLE", "1 agent told_not_to UNAVAILABLE", "1 agent no_time UNAVAILABLE");
    }

    @Test
    void keepsTheDeadlineOfTheCall() {
        guard("retry.attempts=3", "retry.methods=test.Echo/*", "deadline=2s");
        front.first.addAll(List.of("UNAVAILABLE", "UNAVAILABLE"));
        long began = System.nanoTime();
        assertThatThrownBy(() -> ask("hang")).hasMessageContaining("DEADLINE_EXCEEDED");
        assertThat(System.nanoTime() - began).isBetween(1_990_000_000L, 6_000_000_000L);
        assertThat(front.arrived).hasSize(3);
    }

    @Test
    void keepsTheDeadlineOfTheCaller() {
        front.first.add("UNAVAILABLE");
        long began = System.nanoTime();
        CallOptions options = CallOptions.DEFAULT.withDeadline(Deadline.after(2, TimeUnit.SECONDS));
        assertThatThrownBy(() -> ask("hang", options)).hasMessageContaining("DEADLINE_EXCEEDED");
        assertThat(System.nanoTime() - began).isBetween(1_990_000_000L, 6_000_000_000L);
        assertThat(front.arrived).hasSize(2);
    }

    @Test
    void cutsTheNextAttemptWhereItsDeadlineIsLearned() {
        guard("retry.attempts=2", "retry.methods=test.Echo/*", "deadline=adaptive");
        front.first.add("UNAVAILABLE");
        assertThat(ask("hello")).isEqualTo("hello");
    }

    @Test
    void givesTheChainWhenAttemptsAreSpent() {
        guard("retry.attempts=2", "retry.methods=test.Echo/*", "fallback.static.body-base64=aW5zdGVhZA==");
        front.first.addAll(List.of("UNAVAILABLE", "UNAVAILABLE"));
        assertThat(ask("hello")).isEqualTo("instead");
        assertThat(front.arrived).hasSize(2);
        assertThat(guards.fallbacks()).containsExactly("static");
    }

    @Test
    void sendsWhatItWasGivenOnce() {
        Metadata headers = new Metadata();
        headers.put(TENANT, "acme");
        CallCredentials credentials = new CallCredentials() {
            @Override
            public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier applier) {
                Metadata token = new Metadata();
                token.put(TOKEN, "secret");
                applier.apply(token);
            }
        };
        front.first.addAll(List.of("UNAVAILABLE", "UNAVAILABLE"));
        ClientCall<String, String> call =
                channel.newCall(EchoService.UNARY, CallOptions.DEFAULT.withCallCredentials(credentials));
        CompletableFuture<String> answer = new CompletableFuture<>();
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(String message) {
                        answer.complete(message);
                    }
                },
                headers);
        call.request(1);
        call.sendMessage("hello");
        call.halfClose();

        assertThat(answer.join()).isEqualTo("hello");
        assertThat(front.arrived).hasSize(3);
        for (Metadata each : front.arrived) {
            assertThat(each.getAll(TENANT)).containsExactly("acme");
            assertThat(each.getAll(TOKEN)).containsExactly("secret");
        }
    }

    @Test
    void isGivenUpWhileItWaits() throws Exception {
        front.first.add("UNAVAILABLE 1500");
        CompletableFuture<Status> closed = new CompletableFuture<>();
        ClientCall<String, String> call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        closed.complete(status);
                    }
                },
                new Metadata());
        call.request(2);
        call.sendMessage("hello");
        call.halfClose();
        assertThat(eventually(() -> !guards.retried().isEmpty())).isTrue();
        call.cancel("enough", null);

        assertThat(closed.get(1, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.CANCELLED);
        TimeUnit.MILLISECONDS.sleep(2_000);
        assertThat(front.arrived).hasSize(1);
    }

    @Test
    void isGivenUpWhileItIsMadeAgain() throws Exception {
        front.first.add("UNAVAILABLE");
        ClientCall<String, String> call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
        var future = ClientCalls.futureUnaryCall(call, "hang");
        assertThat(eventually(() -> echo.calls.get() == 1)).isTrue();
        assertThat(future.cancel(true)).isTrue();
        assertThat(eventually(() -> echo.cancels.get() == 1)).isTrue();
    }

    @Test
    void handsOnWhatItHasWhenTheNextAttemptIsRefused() {
        guard("retry.attempts=2", "retry.methods=test.Echo/*", "breaker.consecutive-failures=2");
        front.first.add("UNAVAILABLE 800");
        CompletableFuture<String> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return ask("hello");
            } catch (StatusRuntimeException thrown) {
                return thrown.getMessage();
            }
        });
        assertThat(eventually(() -> !guards.retried().isEmpty())).isTrue();
        front.first.add("UNAVAILABLE -1");
        assertThatThrownBy(() -> ask("other")).hasMessageContaining("as told");
        assertThatThrownBy(() -> ask("refused")).hasMessageContaining("circuit_open");

        assertThat(waiting.join()).isEqualTo("UNAVAILABLE: as told");
        assertThat(front.arrived).hasSize(2);
    }

    @Test
    void staysWithinTheBudgetOfADeadTarget() {
        guard("retry.attempts=3", "retry.methods=test.Echo/*", "retry.budget=10%", "breaker.consecutive-failures=1000");
        for (int i = 0; i < 130; i++) {
            front.first.add("UNAVAILABLE");
        }
        for (int i = 0; i < 100; i++) {
            String unheard = "hello " + i;
            assertThatThrownBy(() -> ask(unheard)).hasMessageContaining("UNAVAILABLE");
        }
        assertThat(front.arrived.size()).isBetween(105, 120);
    }

    /** Conditions see the call as it is made. */
    @Test
    void choosesLinksByWhatIsAsked() {
        guard(
                "fallback.static.body-base64=aW5zdGVhZA==",
                "fallback.static.when=metadata(\"X-Tenant\") == \"acme\" and method == \"Unary\"");
        front.first.addAll(List.of("UNAVAILABLE", "UNAVAILABLE"));
        Metadata headers = new Metadata();
        headers.put(TENANT, "acme");
        assertThat(ClientCalls.blockingUnaryCall(
                        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
                        EchoService.UNARY,
                        CallOptions.DEFAULT,
                        "hello"))
                .isEqualTo("instead");
        assertThatThrownBy(() -> ask("hello")).hasMessageContaining("UNAVAILABLE");
        assertThat(guards.fallbacks()).containsExactly("static", "static failed: condition_not_met");
    }

    @Test
    void countsTheApplicationsOwn() {
        guard("retry.attempts=3");
        front.first.add("UNAVAILABLE");
        assertThatThrownBy(() -> ask("hello")).hasMessageContaining("UNAVAILABLE");
        assertThat(ask("other")).isEqualTo("other");
        assertThat(ask("hello")).isEqualTo("hello");
        assertThat(retries()).containsExactly("1 agent not_idempotent UNAVAILABLE", "1 application again ok");
    }
}
