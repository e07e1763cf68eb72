package dev.resilience.apps;

import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The gRPC service of these programs: text in, text out, no generated code. */
public final class Echo {
    public static final MethodDescriptor<String, String> SAY = method(MethodDescriptor.MethodType.UNARY, "Say");
    public static final MethodDescriptor<String, String> LIST =
            method(MethodDescriptor.MethodType.SERVER_STREAMING, "List");
    public static final MethodDescriptor<String, String> COLLECT =
            method(MethodDescriptor.MethodType.CLIENT_STREAMING, "Collect");
    public static final MethodDescriptor<String, String> CHAT =
            method(MethodDescriptor.MethodType.BIDI_STREAMING, "Chat");

    private static MethodDescriptor<String, String> method(MethodDescriptor.MethodType type, String name) {
        return MethodDescriptor.<String, String>newBuilder()
                .setType(type)
                .setFullMethodName("resilience.Echo/" + name)
                .setRequestMarshaller(new Text())
                .setResponseMarshaller(new Text())
                .build();
    }

    private static final class Text implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private Echo() {}
}
