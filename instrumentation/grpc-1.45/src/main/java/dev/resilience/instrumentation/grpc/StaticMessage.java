package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.StaticAnswer;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;

/** A policy's static answer as the message a method answers with: from its bytes, or from protobuf JSON. */
final class StaticMessage {
    static Object of(MethodDescriptor<?, ?> method, StaticAnswer answer) {
        Object json = answer.json();
        if (json == null) {
            return method.parseResponse(new ByteArrayInputStream(answer.body()));
        }
        if (!(method.getResponseMarshaller() instanceof MethodDescriptor.PrototypeMarshaller<?> marshaller)) {
            throw new IllegalArgumentException("a static answer in JSON needs a response of protobuf's; "
                    + method.getFullMethodName() + " has another marshaller: give body-base64");
        }
        try {
            return JsonMessage.of(marshaller.getMessagePrototype(), json);
        } catch (NoClassDefFoundError missing) {
            throw new IllegalStateException(
                    "a static answer in JSON needs com.google.protobuf, which " + method.getFullMethodName()
                            + " does not use: give body-base64",
                    missing);
        }
    }

    private StaticMessage() {}
}
