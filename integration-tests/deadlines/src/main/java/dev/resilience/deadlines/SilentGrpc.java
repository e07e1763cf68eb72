package dev.resilience.deadlines;

import com.example.caller.Question;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A server of gRPC whose one method never answers. */
final class SilentGrpc implements Dependency {
    private final Seen seen;
    private final Server server;

    SilentGrpc(int calls) throws IOException {
        seen = new Seen(calls);
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerServiceDefinition.builder(Question.SERVICE)
                        .addMethod(Question.ASK, (call, headers) -> listening(call))
                        .build())
                .directExecutor()
                .build()
                .start();
    }

    private Listening listening(ServerCall<String, String> call) {
        call.request(1);
        return new Listening();
    }

    @Override
    public String address() {
        return "127.0.0.1:" + server.getPort();
    }

    @Override
    public Seen seen() {
        return seen;
    }

    @Override
    public int open() {
        return seen.open();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private final class Listening extends ServerCall.Listener<String> {
        private int number = -1;

        @Override
        public void onMessage(String message) {
            number = Integer.parseInt(message);
            seen.begun(number);
        }

        @Override
        public void onCancel() {
            seen.ended(number);
        }

        @Override
        public void onComplete() {
            seen.ended(number);
        }
    }
}
