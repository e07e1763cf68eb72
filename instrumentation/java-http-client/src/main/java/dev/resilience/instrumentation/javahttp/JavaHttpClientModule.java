package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.JoinPoint;
import dev.resilience.instrumentation.api.JoinPoint.Method;
import dev.resilience.instrumentation.api.JoinPoint.Types;
import java.util.List;

/** Where the JDK's HTTP client is woven: the private method in which every kind of send ends, and where names are looked up. */
public final class JavaHttpClientModule implements ClientModule {
    private static final String CLIENT = "jdk.internal.net.http.HttpClientImpl";
    private static final String REQUEST = "jdk.internal.net.http.HttpRequestImpl";
    private static final String REQUEST_AND_HANDLERS = "(Ljava/net/http/HttpRequest;"
            + "Ljava/net/http/HttpResponse$BodyHandler;Ljava/net/http/HttpResponse$PushPromiseHandler;";
    private static final String FUTURE = ")Ljava/util/concurrent/CompletableFuture;";

    @Override
    public String name() {
        return "java-http-client";
    }

    @Override
    public String library() {
        return "java.net.http.HttpClient";
    }

    @Override
    public List<JoinPoint> joinPoints() {
        return List.of(
                JoinPoint.of(
                        new Types.Named(CLIENT),
                        Method.exact(
                                "sendAsync",
                                REQUEST_AND_HANDLERS + "Ljava/util/concurrent/Executor;" + FUTURE,
                                adapterPackage() + ".SendAsyncAdvice")),
                // a client without it is guarded all the same, so it must not be missed
                JoinPoint.of(
                        new Types.SubtypesOf("java.net.http.HttpRequest", List.of(), List.of(REQUEST), List.of()),
                        Method.exact(
                                "getAddress",
                                "()Ljava/net/InetSocketAddress;",
                                adapterPackage() + ".GetAddressAdvice")));
    }
}
