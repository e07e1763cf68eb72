package dev.resilience.instrumentation.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.testkit.Eventually;
import dev.resilience.testkit.Woven;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class GrpcGuardTest {
    private static final ScriptedGuards GUARDS = new ScriptedGuards();
    private static final Logger NETTY_LOG = Logger.getLogger("io.grpc.netty");
    private static Woven woven;

    private final EchoService echo = new EchoService();
    private final HealthStatusManager health = new HealthStatusManager();
    private final ExecutorService callbacks = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "callbacks");
        thread.setDaemon(true);
        return thread;
    });
    private Server server;
    private ManagedChannel channel;

    @BeforeAll
    static void weave() {
        NETTY_LOG.setLevel(Level.OFF); // servers that are shut down under load complain
        woven = Woven.with(new GrpcModule(), GUARDS);
    }

    @AfterAll
    static void unweave() {
        NETTY_LOG.setLevel(null);
        woven.close();
        assertThat(woven.warnings()).isEmpty();
    }

    @BeforeEach
    void start() throws IOException {
        GUARDS.reset();
        connect(Transport.NETTY);
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
        server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        callbacks.shutdown();
        Eventually.eventually(GUARDS.permits.out()::isEmpty);
        GUARDS.permits.assertAllBack();
        assertThat(GUARDS.endings.size() + GUARDS.expired.get()).isEqualTo(GUARDS.acquired.get());
    }

    private void connect(Transport transport) throws IOException {
        if (server != null) {
            channel.shutdownNow();
            server.shutdownNow();
        }
        server = transport
                .server()
                .addService(echo.definition())
                .addService(health.getHealthService())
                .build()
                .start();
        channel = transport.channel(server).executor(callbacks).build();
    }

    private String unary(String request) {
        return unary(request, CallOptions.DEFAULT);
    }

    private String unary(String request, CallOptions options) {
        return ClientCalls.blockingUnaryCall(channel, EchoService.UNARY, options, request);
    }

    private static void eventually(BooleanSupplier condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    /** Makes a call of any kind and tells what its caller got: the messages, then the status. */
    private List<String> outcome(MethodDescriptor<String, String> method, String request) throws Exception {
        Recorder recorder = new Recorder();
        ClientCall<String, String> call = channel.newCall(method, CallOptions.DEFAULT);
        call.start(recorder, new Metadata());
        call.request(10);
        call.sendMessage(request);
        call.halfClose();
        return recorder.all();
    }

    private List<String> tokens() {
        return GUARDS.endings.stream().map(Ending::token).toList();
    }

    /** Writes down what a listener is told, and on which thread. */
    private static class Recorder extends ClientCall.Listener<String> {
        final BlockingQueue<String> told = new LinkedBlockingQueue<>();
        final BlockingQueue<String> threads = new LinkedBlockingQueue<>();

        @Override
        public void onHeaders(Metadata headers) {
            told("headers");
        }

        @Override
        public void onMessage(String message) {
            told(message);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            told(status.getCode() + (status.getDescription() == null ? "" : ": " + status.getDescription()));
            told("end");
        }

        private void told(String what) {
            threads.add(Thread.currentThread().getName());
            told.add(what);
        }

        List<String> all() throws InterruptedException {
            List<String> all = new ArrayList<>();
            String next = next();
            while (!next.equals("end")) {
                all.add(next);
                next = next();
            }
            return all;
        }

        String next() throws InterruptedException {
            String next = told.poll(10, TimeUnit.SECONDS);
            assertThat(next).as("told in time").isNotNull();
            return String.valueOf(next);
        }
    }

    @Nested
    class WhileObserving {
        @ParameterizedTest
        @EnumSource
        void guardsEveryKindOfCallOnEveryTransport(Transport transport) throws Exception {
            connect(transport);

            assertThat(unary("hello")).isEqualTo("hello");
            assertThat(ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "later")
                            .get())
                    .isEqualTo("later");
            assertThat(outcome(EchoService.UNARY, "a")).containsExactly("headers", "a", "OK");
            assertThat(outcome(EchoService.SERVER, "b")).containsExactly("headers", "b", "b", "b", "OK");
            assertThat(outcome(EchoService.CLIENT, "c")).containsExactly("headers", "c", "OK");
            assertThat(outcome(EchoService.BIDI, "d")).containsExactly("headers", "d", "OK");

            assertThat(tokens()).containsOnly("ok").hasSize(6);
            assertThat(GUARDS.faults).isEmpty();
        }

        @Test
        void servesGeneratedStubsOfEveryKind() throws Exception {
            HealthCheckRequest request = HealthCheckRequest.getDefaultInstance();
            HealthCheckResponse serving = HealthCheckResponse.newBuilder()
                    .setStatus(ServingStatus.SERVING)
                    .build();

            assertThat(HealthGrpc.newBlockingStub(channel).check(request)).isEqualTo(serving);
            assertThat(HealthGrpc.newFutureStub(channel).check(request).get()).isEqualTo(serving);
            CompletableFuture<HealthCheckResponse> async = new CompletableFuture<>();
            HealthGrpc.newStub(channel).check(request, into(async));
            assertThat(async.get(10, TimeUnit.SECONDS)).isEqualTo(serving);
            try (Context.CancellableContext context = Context.current().withCancellation()) {
                Iterator<HealthCheckResponse> watch =
                        context.call(() -> HealthGrpc.newBlockingStub(channel).watch(request));
                assertThat(watch.next()).isEqualTo(serving);
            }

            assertThat(GUARDS.asked)
                    .containsExactly(
                            "127.0.0.1:" + server.getPort() + " grpc.health.v1.Health/Check",
                            "127.0.0.1:" + server.getPort() + " grpc.health.v1.Health/Check",
                            "127.0.0.1:" + server.getPort() + " grpc.health.v1.Health/Check",
                            "127.0.0.1:" + server.getPort() + " grpc.health.v1.Health/Watch");
        }

        @Test
        void asksForTheAuthorityTheCallerSet() {
            channel = Transport.NETTY
                    .channel(server)
                    .overrideAuthority("shop.test:9000")
                    .build();

            unary("hello");
            unary("hello", CallOptions.DEFAULT.withAuthority("other.test"));

            assertThat(GUARDS.asked).containsExactly("shop.test:9000 test.Echo/Unary", "other.test test.Echo/Unary");
        }

        @Test
        void leavesThreadsAndAttributesAndReadinessAsTheyAre() throws Exception {
            Recorder recorder = new Recorder();
            ClientCall<String, String> call = channel.newCall(EchoService.BIDI, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            eventually(call::isReady);
            call.request(2);
            call.sendMessage("a");

            assertThat(recorder.next()).isEqualTo("headers");
            assertThat(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR))
                    .isNotNull();
            assertThat(recorder.next()).isEqualTo("a");
            call.halfClose();
            assertThat(recorder.all()).containsExactly("OK");
            assertThat(recorder.threads).containsOnly("callbacks");
        }

        @ParameterizedTest
        @ValueSource(strings = {"NOT_FOUND", "INTERNAL", "UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED"})
        void handsOnWhatTheServerSaid(String code) throws Exception {
            assertThat(outcome(EchoService.UNARY, "fail " + code)).containsExactly(code + ": told so");

            assertThat(tokens()).containsExactly(code);
            assertThat(GUARDS.endings.get(0).answered()).isEqualTo(code.equals("NOT_FOUND") || code.equals("INTERNAL"));
        }

        @Test
        void neverRefusesNorShortensNorAnswersItself() throws Exception {
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
            GUARDS.deadlineNanos = 1;
            GUARDS.answer = ScriptedGuards.bytes(new byte[] {'x'});

            assertThat(unary("hello")).isEqualTo("hello");
            assertThat(outcome(EchoService.UNARY, "fail UNAVAILABLE")).containsExactly("UNAVAILABLE: told so");
        }

        @Test
        void leavesCallsWithoutAGuardAlone() {
            GUARDS.present = false;

            assertThat(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT)).isNotInstanceOf(GuardedCall.class);
            assertThat(unary("hello")).isEqualTo("hello");
        }
    }

    @Nested
    class AskedToWait {
        @BeforeEach
        void ask() {
            GUARDS.enforces = true;
            GUARDS.asksPatience = true;
        }

        @Test
        void doesSoOnAThreadThatAStubBlocks() {
            unary("hello");
            ClientCalls.blockingUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "hello");
            ClientCalls.blockingServerStreamingCall(channel, EchoService.SERVER, CallOptions.DEFAULT, "a")
                    .forEachRemaining(message -> {});

            assertThat(GUARDS.patience).containsExactly(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);
        }

        @Test
        void doesSoNoLongerThanTheCallersDeadlines() throws Exception {
            unary("hello", CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS));
            ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
            Context.CancellableContext within = Context.current().withDeadlineAfter(10, TimeUnit.SECONDS, timer);
            within.call(() -> unary("hello", CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS)));
            within.cancel(null);
            timer.shutdownNow();

            assertThat(GUARDS.patience.get(0)).isBetween(TimeUnit.SECONDS.toNanos(11), TimeUnit.SECONDS.toNanos(20));
            assertThat(GUARDS.patience.get(1)).isBetween(1L, TimeUnit.SECONDS.toNanos(10));
        }

        @Test
        void neverDoesWhereTheCallReturnsAtOnce() throws Exception {
            ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "later")
                    .get(10, TimeUnit.SECONDS);
            outcome(EchoService.UNARY, "a");
            outcome(EchoService.BIDI, "a");

            assertThat(GUARDS.patience).containsExactly(0L, 0L, 0L);
        }
    }

    @Nested
    class WhenRefused {
        @BeforeEach
        void refuse() {
            GUARDS.enforces = true;
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
        }

        @AfterEach
        void noCallHasReachedTheServer() {
            assertThat(echo.calls).hasValue(0);
            assertThat(GUARDS.faults).isEmpty();
        }

        @Test
        void saysWhenToComeBackAsAServerWould() {
            Metadata.Key<String> pushback = Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);
            assertThatThrownBy(() -> unary("hello"))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            thrown -> assertThat(thrown.getTrailers().containsKey(pushback))
                                    .isFalse());
            GUARDS.retryAfterNanos = 12_000_001;

            assertThatThrownBy(() -> unary("hello"))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            thrown -> assertThat(thrown.getTrailers().get(pushback))
                                    .isEqualTo("13"));
        }

        @ParameterizedTest
        @EnumSource
        void tellsEveryKindOfCallOnEveryTransport(Transport transport) throws Exception {
            connect(transport);
            String expected = "UNAVAILABLE: " + ScriptedGuards.MESSAGE;

            assertThatThrownBy(() -> unary("hello"))
                    .isInstanceOf(StatusRuntimeException.class)
                    .hasMessage(expected);
            ListenableFuture<String> future =
                    ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "later");
            assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(StatusRuntimeException.class)
                    .hasRootCauseMessage(expected);
            Iterator<String> stream =
                    ClientCalls.blockingServerStreamingCall(channel, EchoService.SERVER, CallOptions.DEFAULT, "many");
            assertThatThrownBy(stream::next).hasMessage(expected);
            for (MethodDescriptor<String, String> method :
                    List.of(EchoService.UNARY, EchoService.SERVER, EchoService.CLIENT, EchoService.BIDI)) {
                assertThat(outcome(method, "a")).containsExactly(expected);
            }
            assertThat(GUARDS.acquired).hasValue(0);
        }

        @Test
        void tellsOnTheThreadsOfTheChannel() throws Exception {
            Recorder recorder = new Recorder();
            Thread caller = Thread.currentThread();
            channel.newCall(EchoService.UNARY, CallOptions.DEFAULT).start(recorder, new Metadata());

            recorder.all();
            assertThat(recorder.threads).containsOnly("callbacks").doesNotContain(caller.getName());
        }

        @Test
        void tellsOnTheExecutorOfTheCall() throws Exception {
            List<Runnable> queued = new ArrayList<>();
            Recorder recorder = new Recorder();
            channel.newCall(EchoService.UNARY, CallOptions.DEFAULT.withExecutor(queued::add))
                    .start(recorder, new Metadata());

            assertThat(recorder.told).isEmpty();
            queued.forEach(Runnable::run);
            assertThat(recorder.all()).containsExactly("UNAVAILABLE: " + ScriptedGuards.MESSAGE);
        }

        @Test
        void tellsEvenWhenTheExecutorOfTheCallIsShutDown() throws Exception {
            Recorder recorder = new Recorder();
            channel.newCall(EchoService.UNARY, CallOptions.DEFAULT.withExecutor(task -> {
                        throw new java.util.concurrent.RejectedExecutionException("shut down");
                    }))
                    .start(recorder, new Metadata());

            assertThat(recorder.all()).hasSize(1);
            GUARDS.faults.clear();
        }

        @Test
        void tellsWhileTheNameOfTheTargetIsStillBeingResolved() throws Exception {
            ManagedChannel unresolved =
                    Transport.NETTY.channel(1).executor(callbacks).build();
            try {
                Recorder recorder = new Recorder();
                unresolved
                        .newCall(EchoService.UNARY, CallOptions.DEFAULT.withWaitForReady())
                        .start(recorder, new Metadata());
                assertThat(recorder.all()).containsExactly("UNAVAILABLE: " + ScriptedGuards.MESSAGE);
            } finally {
                unresolved.shutdownNow();
            }
        }

        @Test
        void saysDeadlineExceededForADeadlineThatIsExhausted() {
            GUARDS.refuse = Reason.DEADLINE_EXHAUSTED;

            assertThatThrownBy(() -> unary("hello")).hasMessage("DEADLINE_EXCEEDED: " + ScriptedGuards.MESSAGE);
        }

        @Test
        void swallowsWhatIsSentAfterwards() throws Exception {
            ClientCall<String, String> call = channel.newCall(EchoService.BIDI, CallOptions.DEFAULT);
            Recorder recorder = new Recorder();
            call.start(recorder, new Metadata());
            call.sendMessage("a");
            call.request(1);
            call.halfClose();
            call.cancel("enough", null);
            call.setMessageCompression(true);

            assertThat(recorder.all()).hasSize(1);
            assertThat(call.isReady()).isFalse();
            assertThat(call.getAttributes()).isEqualTo(Attributes.EMPTY);
            assertThatThrownBy(() -> call.start(recorder, new Metadata())).isInstanceOf(IllegalStateException.class);
            assertThat(recorder.told).isEmpty();
        }

        @Test
        void leavesNothingBehindThatKeepsTheChannelAlive() throws Exception {
            for (int i = 0; i < 20; i++) {
                outcome(EchoService.BIDI, "a");
            }

            assertThat(channel.shutdown().awaitTermination(5, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Nested
    class WithAStaticAnswer {
        @BeforeEach
        void answer() {
            GUARDS.enforces = true;
            GUARDS.answer = ScriptedGuards.bytes("instead".getBytes(StandardCharsets.UTF_8));
        }

        @ParameterizedTest
        @EnumSource
        void answersARefusedUnaryCall(Transport transport) throws Exception {
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
            connect(transport);

            assertThat(unary("hello")).isEqualTo("instead");
            assertThat(ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "later")
                            .get(10, TimeUnit.SECONDS))
                    .isEqualTo("instead");
            assertThat(outcome(EchoService.UNARY, "a")).containsExactly("headers", "instead", "OK");
            assertThat(GUARDS.fallbacks).containsExactly("served", "served", "served");
            assertThat(echo.calls).hasValue(0);
        }

        @Test
        void answersFromJsonInTheTypeOfTheMethod() {
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
            GUARDS.answer = ScriptedGuards.json(Map.of("status", "NOT_SERVING"));

            HealthCheckResponse response =
                    HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());

            assertThat(response.getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
        }

        @Test
        void givesTheRefusalWhenTheAnswerDoesNotFitTheMethod() {
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
            GUARDS.answer = ScriptedGuards.json(Map.of("state", "UP"));

            assertThatThrownBy(() -> HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance()))
                    .hasMessage("UNAVAILABLE: " + ScriptedGuards.MESSAGE);
            assertThatThrownBy(() -> unary("hello")).hasMessage("UNAVAILABLE: " + ScriptedGuards.MESSAGE);
            assertThat(GUARDS.fallbacks)
                    .containsExactly(
                            "failed: static answer at $: unknown field 'state': grpc.health.v1.HealthCheckResponse has status",
                            "failed: a static answer in JSON needs a response of protobuf's; test.Echo/Unary has another"
                                    + " marshaller: give body-base64");
        }

        @Test
        void givesNoMessageBeforeOneIsAskedFor() throws Exception {
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
            Recorder recorder = new Recorder();
            ClientCall<String, String> call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            call.request(0);
            call.sendMessage("a");
            call.halfClose();

            assertThat(recorder.told.poll(50, TimeUnit.MILLISECONDS)).isNull();
            call.request(1);
            assertThat(recorder.all()).containsExactly("headers", "instead", "OK");
        }

        @Test
        void closesACallThatIsCancelledBeforeItAsks() throws Exception {
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
            Recorder recorder = new Recorder();
            ClientCall<String, String> call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            call.cancel("enough", null);
            call.request(1);

            assertThat(recorder.all()).containsExactly("CANCELLED: enough");
            assertThat(recorder.told).isEmpty();
        }

        @Test
        void leavesStreamsWithoutAnAnswer() throws Exception {
            GUARDS.refuse = Reason.CIRCUIT_OPEN;

            for (MethodDescriptor<String, String> method :
                    List.of(EchoService.SERVER, EchoService.CLIENT, EchoService.BIDI)) {
                assertThat(outcome(method, "a")).containsExactly("UNAVAILABLE: " + ScriptedGuards.MESSAGE);
            }
            assertThat(GUARDS.fallbacks).hasSize(3).allMatch(told -> told.startsWith("failed: a static answer needs"));
        }

        @Test
        void answersInsteadOfAFault() throws Exception {
            assertThat(unary("fail UNAVAILABLE")).isEqualTo("instead");
            assertThat(outcome(EchoService.UNARY, "fail UNAVAILABLE")).containsExactly("headers", "instead", "OK");
            assertThat(tokens()).containsExactly("UNAVAILABLE", "UNAVAILABLE");
            assertThat(GUARDS.fallbacks).containsExactly("served", "served");
        }

        @Test
        void answersInsteadOfAServerThatIsGone() throws Exception {
            assertThat(unary("hello")).isEqualTo("hello");
            EchoService.kill(server, channel);

            assertThat(unary("hello")).isEqualTo("instead");
            assertThat(GUARDS.endings.get(1).answered()).isFalse();
        }

        @Test
        void waitsForDemandBeforeItAnswersAFault() throws Exception {
            Recorder recorder = new Recorder();
            ClientCall<String, String> call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            call.sendMessage("fail UNAVAILABLE");
            call.halfClose();
            eventually(() -> GUARDS.fallbacks.contains("served"));

            assertThat(recorder.told.poll(50, TimeUnit.MILLISECONDS)).isNull();
            call.request(2);
            assertThat(recorder.all()).containsExactly("headers", "instead", "OK");
        }

        @Test
        void neverAnswersInsteadOfABusinessError() throws Exception {
            assertThat(outcome(EchoService.UNARY, "fail NOT_FOUND")).containsExactly("NOT_FOUND: told so");
            assertThat(GUARDS.fallbacks).isEmpty();
        }

        @Test
        void handsOnAFaultThatFollowsAMessageWhichTheCallerHas() throws Exception {
            Recorder recorder = new Recorder();
            ClientCall<String, String> call = channel.newCall(EchoService.CLIENT, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            call.request(2);
            call.sendMessage("part UNAVAILABLE");
            call.halfClose();

            assertThat(recorder.all()).contains("UNAVAILABLE").doesNotContain("instead");
        }

        @Test
        void closesTheCallOfAListenerThatThrowsAsGrpcDoes() throws Exception {
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
            Recorder recorder = new Recorder() {
                @Override
                public void onMessage(String message) {
                    throw new IllegalStateException("mine");
                }
            };
            ClientCall<String, String> call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            call.request(1);

            assertThat(recorder.all()).containsExactly("headers", "CANCELLED: Failed to read message.");
        }
    }

    @Nested
    class WithADeadline {
        private static final Duration DEADLINE = Duration.ofMillis(200);

        /** For a call to get to its server on a busy machine. */
        private static final Duration ENOUGH = Duration.ofMillis(700);

        @BeforeEach
        void enforce() {
            GUARDS.enforces = true;
            GUARDS.deadlineNanos = DEADLINE.toNanos();
        }

        @ParameterizedTest
        @EnumSource
        void endsAUnaryCallToAHungServer(Transport transport) throws Exception {
            connect(transport);
            GUARDS.deadlineNanos = 0;
            unary("warm");
            GUARDS.deadlineNanos = ENOUGH.toNanos();
            long start = System.nanoTime();

            assertThatThrownBy(() -> unary("hang"))
                    .isInstanceOf(StatusRuntimeException.class)
                    .hasMessageStartingWith("DEADLINE_EXCEEDED");

            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(ENOUGH.minusMillis(1), ENOUGH.plusSeconds(3));
            eventually(() -> echo.cancels.get() == 1);
            assertThat(GUARDS.expired).hasValue(1);
            assertThat(echo.deadline).isNotNull();
        }

        @ParameterizedTest
        @CsvSource({"0, 0", "400, 400", "40000, 1000"})
        void beginsToEndACallByWhatThatTakesEarlierAndByAMillisecondAtMost(long takesMicros, long earlyMicros) {
            GrpcAdapter adapter = new GrpcAdapter(GUARDS);
            plan(adapter).cancels().ended(TimeUnit.MICROSECONDS.toNanos(takesMicros));
            long given = DEADLINE.toNanos() - TimeUnit.MICROSECONDS.toNanos(earlyMicros);

            assertThat(Eventually.eventually(() -> {
                        long left =
                                Objects.requireNonNull(plan(adapter).deadline()).timeRemaining(TimeUnit.NANOSECONDS);
                        assertThat(left).isLessThanOrEqualTo(given);
                        return left > given - TimeUnit.MICROSECONDS.toNanos(300);
                    }))
                    .isTrue();
        }

        private Plan plan(GrpcAdapter adapter) {
            return Objects.requireNonNull(adapter.plan(channel, EchoService.UNARY, CallOptions.DEFAULT));
        }

        @ParameterizedTest
        @EnumSource
        void thatIsAdaptiveIsKeptByTheGuardAndToldToNobody(Transport transport) throws Exception {
            connect(transport);
            GUARDS.deadlineNanos = 0;
            unary("warm");
            GUARDS.deadlineNanos = ENOUGH.toNanos();
            GUARDS.adaptive = true;
            long start = System.nanoTime();

            assertThatThrownBy(() -> unary("hang"))
                    .isInstanceOf(StatusRuntimeException.class)
                    .hasMessage("DEADLINE_EXCEEDED: " + ScriptedGuards.MESSAGE);

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(ENOUGH, ENOUGH.plusSeconds(3));
            eventually(() -> echo.cancels.get() == 1);
            assertThat(GUARDS.expired).hasValue(1);
            assertThat(echo.deadline).isNull();
        }

        @Test
        void thatIsAdaptiveLeavesTheCallersOwnShorterDeadlineToHim() {
            GUARDS.deadlineNanos = TimeUnit.SECONDS.toNanos(20);
            GUARDS.adaptive = true;

            assertThatThrownBy(() -> unary("hang", CallOptions.DEFAULT.withDeadlineAfter(50, TimeUnit.MILLISECONDS)))
                    .hasMessageStartingWith("DEADLINE_EXCEEDED");

            assertThat(GUARDS.expired).hasValue(0);
            assertThat(tokens()).containsExactly("DEADLINE_EXCEEDED");
        }

        @Test
        void thatIsAdaptiveEndsACallThatWaitsForAServerThatIsNotThere() throws Exception {
            GUARDS.adaptive = true;
            EchoService.kill(server, channel);

            assertThatThrownBy(() -> unary("hello", CallOptions.DEFAULT.withWaitForReady()))
                    .hasMessageStartingWith("DEADLINE_EXCEEDED");
            assertThat(GUARDS.expired).hasValue(1);
        }

        @Test
        void leavesTheCallersOwnShorterDeadlineToHim() {
            assertThatThrownBy(() -> unary("hang", CallOptions.DEFAULT.withDeadlineAfter(50, TimeUnit.MILLISECONDS)))
                    .hasMessageStartingWith("DEADLINE_EXCEEDED");

            assertThat(GUARDS.expired).hasValue(0);
            assertThat(tokens()).containsExactly("DEADLINE_EXCEEDED");
        }

        @Test
        void leavesAShorterDeadlineOfTheContextToIt() throws Exception {
            try (Context.CancellableContext context = Context.current()
                    .withDeadlineAfter(50, TimeUnit.MILLISECONDS, Executors.newSingleThreadScheduledExecutor())) {
                assertThatThrownBy(() -> context.call(() -> unary("hang"))).hasMessageStartingWith("DEADLINE_EXCEEDED");
            }

            assertThat(GUARDS.expired).hasValue(0);
        }

        @Test
        void shortensTheCallersLongerDeadline() {
            assertThatThrownBy(() -> unary("hang", CallOptions.DEFAULT.withDeadlineAfter(1, TimeUnit.HOURS)))
                    .hasMessageStartingWith("DEADLINE_EXCEEDED");

            assertThat(GUARDS.expired).hasValue(1);
        }

        @Test
        void answersInsteadWhenThePolicyHasAnAnswer() {
            GUARDS.answer = ScriptedGuards.bytes("instead".getBytes(StandardCharsets.UTF_8));

            assertThat(unary("hang")).isEqualTo("instead");
            assertThat(GUARDS.expired).hasValue(1);
        }

        @Test
        void endsACallThatWaitsForAServerThatIsNotThere() throws Exception {
            EchoService.kill(server, channel);

            assertThatThrownBy(() -> unary("hello", CallOptions.DEFAULT.withWaitForReady()))
                    .hasMessageStartingWith("DEADLINE_EXCEEDED");
            assertThat(GUARDS.expired).hasValue(1);
        }

        @Test
        void letsStreamsLive() throws Exception {
            letsOneLive();
            GUARDS.adaptive = true;
            letsOneLive();
        }

        private void letsOneLive() throws Exception {
            Recorder recorder = new Recorder();
            ClientCall<String, String> call = channel.newCall(EchoService.BIDI, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            call.request(10);

            assertThat(recorder.told.poll(2 * DEADLINE.toMillis(), TimeUnit.MILLISECONDS))
                    .isNull();
            call.sendMessage("still here");
            call.halfClose();
            assertThat(recorder.all()).containsExactly("headers", "still here", "OK");
        }
    }

    @Nested
    class ThePermit {
        @Test
        void isNotTakenByACallThatNeverStarts() {
            unary("so that the name is resolved");
            GUARDS.reset();
            channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
            ClientCall<String, String> cancelled = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
            cancelled.cancel("never mind", null);
            assertThatThrownBy(() -> cancelled.start(new Recorder(), new Metadata()))
                    .isInstanceOf(IllegalStateException.class);

            assertThat(GUARDS.acquired).hasValue(0);
        }

        @Test
        void isTakenOnceByACallThatIsStartedTwice() throws Exception {
            ClientCall<String, String> call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
            Recorder recorder = new Recorder();
            call.start(recorder, new Metadata());
            assertThatThrownBy(() -> call.start(recorder, new Metadata())).isInstanceOf(IllegalStateException.class);
            call.cancel("enough", null);

            assertThat(recorder.all()).containsExactly("CANCELLED: enough");
            assertThat(GUARDS.acquired).hasValue(1);
            assertThat(tokens()).containsExactly("cancelled");
        }

        @Test
        void isGivenBackWhenStartThrows() {
            unary("so that the name is resolved");
            GUARDS.reset();
            ClientCall<String, String> call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);

            assertThatThrownBy(() -> call.start(new Recorder(), nullHeaders()))
                    .isInstanceOf(NullPointerException.class);
            assertThat(tokens()).containsExactly("other");
            call.cancel("tidy up", null);
        }

        @SuppressWarnings("NullAway") // what an application does wrong
        private static Metadata nullHeaders() {
            return null;
        }

        @Test
        void isGivenBackWhenTheCallerCancels() throws Exception {
            ListenableFuture<String> future =
                    ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "hang");
            eventually(() -> echo.calls.get() == 1);
            future.cancel(true);

            eventually(() -> tokens().contains("cancelled"));
            eventually(() -> echo.cancels.get() == 1);
        }

        @Test
        void isGivenBackWhenTheContextIsCancelled() throws Exception {
            try (Context.CancellableContext context = Context.current().withCancellation()) {
                context.call(() ->
                        ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "hang"));
                eventually(() -> echo.calls.get() == 1);
            }

            eventually(() -> tokens().contains("cancelled"));
        }

        @Test
        void isGivenBackWhenTheCallerIsInterrupted() throws Exception {
            Thread caller = new Thread(() -> {
                try {
                    unary("hang");
                } catch (StatusRuntimeException expected) {
                    // what a blocking stub throws to an interrupted thread
                }
            });
            caller.start();
            eventually(() -> echo.calls.get() == 1);
            caller.interrupt();
            caller.join();

            eventually(() -> tokens().contains("cancelled"));
        }

        @Test
        void isGivenBackWhenTheListenerThrows() throws Exception {
            Recorder recorder = new Recorder() {
                @Override
                public void onMessage(String message) {
                    throw new IllegalStateException("mine");
                }
            };
            ClientCall<String, String> call = channel.newCall(EchoService.UNARY, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            call.request(2);
            call.sendMessage("a");
            call.halfClose();

            assertThat(recorder.all()).containsExactly("headers", "CANCELLED: Failed to read message.");
            assertThat(tokens()).containsExactly("cancelled");
        }

        @ParameterizedTest
        @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "IN_PROCESS")
        void isGivenBackWhenTheServerIsKilled(Transport transport) throws Exception {
            ListenableFuture<String> future;
            try (Relay relay = new Relay(server.getPort())) {
                channel = transport.channel(relay.port()).build();
                future = ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "hang");
                eventually(() -> echo.calls.get() == 1);
            }

            assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS)).hasStackTraceContaining("UNAVAILABLE");
            assertThat(tokens())
                    .hasSize(1)
                    .containsAnyOf("UNAVAILABLE", "INTERNAL"); // OkHttp at times retries too much
            assertThat(GUARDS.endings.get(0).answered()).isFalse();
        }

        @Test
        void isGivenBackWhenTheServerDropsTheCall() throws Exception {
            try (DroppingServer dropping = new DroppingServer()) {
                channel = Transport.NETTY.channel(dropping.port()).build();
                ListenableFuture<String> future =
                        ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "hang");

                assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS)).hasMessageContaining("RST_STREAM");
            }
            assertThat(tokens()).containsExactly("CANCELLED");
            assertThat(GUARDS.endings.get(0).answered()).isFalse();
        }

        @Test
        void isGivenBackByAStreamThatBeginsToAnswer() throws Exception {
            Recorder recorder = new Recorder();
            ClientCall<String, String> call = channel.newCall(EchoService.BIDI, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            call.request(10);
            call.sendMessage("a");
            assertThat(recorder.next()).isEqualTo("headers");

            assertThat(tokens()).containsExactly("ok");
            call.sendMessage("fail UNAVAILABLE");
            assertThat(recorder.all()).containsExactly("a", "UNAVAILABLE: told so");
            assertThat(tokens()).containsExactly("ok");
        }

        @Test
        void isGivenBackByAStreamThatFailsBeforeItBegins() throws Exception {
            outcome(EchoService.SERVER, "fail UNAVAILABLE");

            assertThat(tokens()).containsExactly("UNAVAILABLE");
        }

        @Test
        void isGivenBackWhenTheChannelIsShutDown() throws Exception {
            Recorder recorder = new Recorder();
            ClientCall<String, String> call = channel.newCall(EchoService.BIDI, CallOptions.DEFAULT);
            call.start(recorder, new Metadata());
            channel.shutdownNow();

            assertThat(recorder.all()).hasSize(1);
            assertThat(tokens()).hasSize(1);
        }

        @ParameterizedTest(name = "seed {0}")
        @ValueSource(longs = {1, 2, 3, 4, 5})
        void isGivenBackOnARandomWalk(long seed) throws Exception {
            Random random = new Random(seed);
            List<MethodDescriptor<String, String>> methods =
                    List.of(EchoService.UNARY, EchoService.SERVER, EchoService.CLIENT, EchoService.BIDI);
            List<String> requests =
                    List.of("a", "fail NOT_FOUND", "fail UNAVAILABLE", "part INTERNAL", "hang", "start");
            int started = 0;
            List<Recorder> asked = new ArrayList<>();
            List<ClientCall<String, String>> calls = new ArrayList<>();
            for (int step = 0; step < 2_000; step++) {
                GUARDS.enforces = random.nextBoolean();
                GUARDS.refuse = random.nextInt(5) == 0 ? Reason.CIRCUIT_OPEN : null;
                GUARDS.deadlineNanos = random.nextBoolean() ? 0 : TimeUnit.MILLISECONDS.toNanos(random.nextInt(1, 20));
                GUARDS.answer = random.nextBoolean() ? null : ScriptedGuards.bytes(new byte[] {'x'});
                Recorder recorder = new Recorder();
                ClientCall<String, String> call =
                        channel.newCall(methods.get(random.nextInt(methods.size())), CallOptions.DEFAULT);
                if (random.nextInt(20) == 0) {
                    continue;
                }
                call.start(recorder, new Metadata());
                started++;
                if (random.nextInt(10) > 0) {
                    asked.add(recorder);
                    calls.add(call);
                    call.request(random.nextInt(1, 5));
                }
                if (random.nextInt(10) > 0) {
                    call.sendMessage(requests.get(random.nextInt(requests.size())));
                }
                if (random.nextInt(10) > 0) {
                    call.halfClose();
                }
                if (random.nextBoolean()) {
                    callbacks.execute(() -> call.cancel("enough", null));
                }
                if (random.nextInt(10) == 0) {
                    GUARDS.permits.out().forEach(each -> each.cancel(GUARDS.refusal(Reason.DRAINING)));
                }
                if (step % 100 == 99) {
                    TimeUnit.MILLISECONDS.sleep(5);
                }
            }
            channel.shutdownNow();
            assertThat(started).isGreaterThan(1_800);
            eventually(() -> GUARDS.permits.out().isEmpty());
            // a stream that has ended keeps its end to itself until its last message is asked for, with or without us
            calls.forEach(call -> call.request(10));
            for (Recorder recorder : asked) {
                eventually(() -> recorder.told.contains("end"));
                assertThat(recorder.told).containsOnlyOnce("end");
            }
            assertThat(GUARDS.acquired.get()).isGreaterThan(1_200);
            assertThat(GUARDS.faults).isEmpty();
        }
    }

    @Nested
    class WhenStoppedByTheAgent {
        @BeforeEach
        void enforce() {
            GUARDS.enforces = true;
        }

        @Test
        void tellsTheCallerWhyAndTheServerAtAll() throws Exception {
            ListenableFuture<String> future =
                    ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "hang");
            eventually(() -> echo.calls.get() == 1);
            stopAll(Reason.DRAINING);

            assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
                    .hasRootCauseMessage("UNAVAILABLE: " + ScriptedGuards.MESSAGE);
            eventually(() -> echo.cancels.get() == 1);
            assertThat(tokens()).containsExactly("cancelled");
        }

        @Test
        void tellsABlockedCaller() throws Exception {
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            callbacks.execute(() -> {
                try {
                    unary("hang");
                } catch (RuntimeException e) {
                    thrown.complete(e);
                }
            });
            eventually(() -> echo.calls.get() == 1);
            stopAll(Reason.DRAINING);

            assertThat(thrown.get(10, TimeUnit.SECONDS)).hasMessage("UNAVAILABLE: " + ScriptedGuards.MESSAGE);
        }

        @Test
        void settlesACallOverItsDeadlineAsExpired() throws Exception {
            ListenableFuture<String> future =
                    ClientCalls.futureUnaryCall(channel.newCall(EchoService.UNARY, CallOptions.DEFAULT), "hang");
            stopAll(Reason.DEADLINE_EXHAUSTED);

            assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
                    .hasRootCauseMessage("DEADLINE_EXCEEDED: " + ScriptedGuards.MESSAGE);
            assertThat(GUARDS.expired).hasValue(1);
        }

        private static void stopAll(Reason reason) {
            for (Call call : GUARDS.permits.out()) {
                call.cancel(GUARDS.refusal(reason));
            }
        }
    }

    @Nested
    class WhenTheAgentIsBroken {
        @ParameterizedTest
        @CsvSource({
            "grpc",
            "enforces",
            "deadlineNanos",
            "tryAcquire",
            "'tryAcquire, late'",
            "settle",
            "settleExpired",
            "answer",
            "served",
            "failed"
        })
        void letsCallsPassAndSaysSo(String method) throws Exception {
            GUARDS.broken = method;

            assertThat(unary("hello")).isEqualTo("hello");
            assertThat(outcome(EchoService.BIDI, "a")).containsExactly("headers", "a", "OK");
            assertThat(outcome(EchoService.UNARY, "fail UNAVAILABLE")).containsExactly("UNAVAILABLE: told so");
            if (List.of("grpc", "deadlineNanos", "tryAcquire", "tryAcquire, late", "settle")
                    .contains(method)) {
                assertThat(GUARDS.faults).isNotEmpty().allMatch(fault -> fault.contains("broken " + method));
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"answer", "failed"})
        void givesTheRefusalWhenTheFallbackIsBroken(String method) {
            GUARDS.enforces = true;
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
            GUARDS.answer = ScriptedGuards.json(Map.of());
            GUARDS.broken = method;

            assertThatThrownBy(() -> unary("hello")).hasMessage("UNAVAILABLE: " + ScriptedGuards.MESSAGE);
        }

        @Test
        void stillAnswersWhenTellingOfTheAnswerIsBroken() {
            GUARDS.enforces = true;
            GUARDS.refuse = Reason.CIRCUIT_OPEN;
            GUARDS.answer = ScriptedGuards.bytes("instead".getBytes(StandardCharsets.UTF_8));
            GUARDS.broken = "served";

            assertThat(unary("hello")).isEqualTo("instead");
            assertThat(GUARDS.faults).hasSize(1);
        }
    }

    private static <T> StreamObserver<T> into(CompletableFuture<T> future) {
        return new StreamObserver<>() {
            private @Nullable T last;

            @Override
            public void onNext(T value) {
                last = value;
            }

            @Override
            public void onError(Throwable t) {
                future.completeExceptionally(t);
            }

            @Override
            public void onCompleted() {
                future.complete(last);
            }
        };
    }
}
