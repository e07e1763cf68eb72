package dev.resilience.demo;

import com.google.protobuf.Int32Value;
import com.google.type.Money;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** The gRPC service: what a product costs today, or by the list; ends with its input. */
final class PriceService {
    private static final MethodDescriptor<Int32Value, Money> PRICE_OF = MethodDescriptor.<Int32Value, Money>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(MethodDescriptor.generateFullMethodName("shop.Prices", "Of"))
            .setRequestMarshaller(ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
            .setResponseMarshaller(ProtoUtils.marshaller(Money.getDefaultInstance()))
            .build();

    private static final int CENT = 10_000_000;

    private PriceService() {}

    public static void main(String[] args) throws IOException {
        int cents = args.length > 1 && args[1].equals("list") ? 0 : 99;
        ServerServiceDefinition prices = ServerServiceDefinition.builder("shop.Prices")
                .addMethod(PRICE_OF, ServerCalls.asyncUnaryCall((product, answer) -> {
                    answer.onNext(Money.newBuilder()
                            .setCurrencyCode("EUR")
                            .setUnits(20 + product.getValue() % 50)
                            .setNanos(cents * CENT)
                            .build());
                    answer.onCompleted();
                }))
                .build();
        Server server = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])))
                .addService(prices)
                .build()
                .start();
        System.out.println("READY " + server.getPort());

        while (System.in.read() >= 0) {
            // nothing to be told: wait for the end of the input
        }
        server.shutdownNow();
    }
}
