package dev.resilience.instrumentation.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.instrumentation.api.StaticAnswer;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class StaticMessageTest {
    private static final MethodDescriptor<String, String> METHOD = MethodDescriptor.<String, String>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("test.Other/Unary")
            .setRequestMarshaller(new WithPrototype())
            .setResponseMarshaller(new WithPrototype())
            .build();

    @Nested
    class WithoutProtobufOnTheClassPath {
        private final Method of;

        WithoutProtobufOnTheClassPath() throws ReflectiveOperationException {
            Class<?> loaded = new WithoutProtobuf().loadClass(StaticMessage.class.getName());
            of = loaded.getDeclaredMethod("of", MethodDescriptor.class, StaticAnswer.class);
            of.setAccessible(true);
        }

        @Test
        void givesBytesAllTheSame() throws ReflectiveOperationException {
            StaticAnswer bytes = ScriptedGuards.bytes("instead".getBytes(StandardCharsets.UTF_8));

            assertThat(of.invoke(null, METHOD, bytes)).isEqualTo("instead");
        }

        @Test
        void saysThatJsonNeedsIt() {
            StaticAnswer json = ScriptedGuards.json(Map.of());

            assertThatThrownBy(() -> of.invoke(null, METHOD, json))
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a static answer in JSON needs com.google.protobuf, which test.Other/Unary does not"
                            + " use: give body-base64");
        }
    }

    /** As a module loader is in an application that never heard of protobuf. */
    private static final class WithoutProtobuf extends ClassLoader {
        private static final String OWN = StaticMessage.class.getPackageName() + ".";

        WithoutProtobuf() {
            super(StaticMessageTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("com.google.protobuf.")) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith(OWN)) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? own(name) : loaded;
        }

        private Class<?> own(String name) throws ClassNotFoundException {
            try (InputStream file = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (file == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = file.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    private static final class WithPrototype implements MethodDescriptor.PrototypeMarshaller<String> {
        @Override
        public String getMessagePrototype() {
            return "";
        }

        @Override
        public Class<String> getMessageClass() {
            return String.class;
        }

        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
