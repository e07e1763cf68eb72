package com.example.shop;

import com.google.protobuf.Int32Value;
import com.google.type.Money;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;

/** What a product costs, from the price service. */
final class Prices {
    private static final MethodDescriptor<Int32Value, Money> PRICE_OF = MethodDescriptor.<Int32Value, Money>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(MethodDescriptor.generateFullMethodName("shop.Prices", "Of"))
            .setRequestMarshaller(ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
            .setResponseMarshaller(ProtoUtils.marshaller(Money.getDefaultInstance()))
            .build();

    private final Channel channel;

    Prices(String target) {
        channel = ManagedChannelBuilder.forTarget(target).usePlaintext().build();
    }

    String of(int product) {
        Money price = ClientCalls.blockingUnaryCall(channel, PRICE_OF, CallOptions.DEFAULT, Int32Value.of(product));
        return price.getCurrencyCode() + " " + price.getUnits() + "." + price.getNanos() / 10_000_000;
    }
}
