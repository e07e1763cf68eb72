package com.example.caller;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.ClientCalls;

/** Unary calls as a blocking stub makes them. */
final class Questions implements Work {
    private final Channel channel;
    private final Guard guard;

    Questions(String target, Guard guard) {
        this.channel = ManagedChannelBuilder.forTarget(target).usePlaintext().build();
        this.guard = guard;
    }

    @Override
    public void call(int number, Calls calls) throws Exception {
        String question = Integer.toString(number);
        guard.call(() -> ClientCalls.blockingUnaryCall(channel, Question.ASK, CallOptions.DEFAULT, question));
    }
}
