package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.JoinPoint;
import java.util.List;

/** gRPC: the one method through which every call of a channel comes, below all interceptors of the application. */
public final class GrpcModule implements ClientModule {
    private static final String REAL_CHANNEL = "io.grpc.internal.ManagedChannelImpl$RealChannel";
    private static final String NEW_CALL = "(Lio/grpc/MethodDescriptor;Lio/grpc/CallOptions;)Lio/grpc/ClientCall;";

    @Override
    public String name() {
        return "grpc-1.45";
    }

    @Override
    public String library() {
        return "gRPC (io.grpc:grpc-core)";
    }

    /** Only a static answer written as JSON needs protobuf. */
    @Override
    public List<String> optionalPackages() {
        return List.of("com.google.protobuf.");
    }

    @Override
    public List<JoinPoint> joinPoints() {
        return List.of(JoinPoint.of(
                new JoinPoint.Types.Named(REAL_CHANNEL),
                JoinPoint.Method.exact("newCall", NEW_CALL, adapterPackage() + ".NewCallAdvice")));
    }
}
