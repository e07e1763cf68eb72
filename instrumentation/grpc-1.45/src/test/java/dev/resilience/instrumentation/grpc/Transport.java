package dev.resilience.instrumentation.grpc;

import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.okhttp.OkHttpChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** The ways a call can travel. */
enum Transport {
    NETTY,
    NETTY_SHADED,
    OKHTTP,
    IN_PROCESS;

    ServerBuilder<?> server() {
        return this == IN_PROCESS
                ? InProcessServerBuilder.forName(InProcessServerBuilder.generateName())
                : NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    ManagedChannelBuilder<?> channel(Server server) {
        if (this == IN_PROCESS) {
            return InProcessChannelBuilder.forAddress(server.getListenSockets().get(0));
        }
        return channel(server.getPort());
    }

    ManagedChannelBuilder<?> channel(int port) {
        return switch (this) {
            case NETTY, IN_PROCESS ->
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext();
            case NETTY_SHADED ->
                io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder.forAddress("127.0.0.1", port)
                        .usePlaintext();
            case OKHTTP -> OkHttpChannelBuilder.forAddress("127.0.0.1", port).usePlaintext();
        };
    }
}
