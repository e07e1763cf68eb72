package dev.resilience.agent.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BridgeLoaderTest {
    private static final String SHADED = BridgeLoader.AGENT_PREFIX + "io.opentelemetry.";

    /** Holds the API as the OpenTelemetry agent ships it: moved to another package. */
    private static final class Shaded extends ClassLoader {
        Shaded() {
            super(BridgeLoaderTest.class.getClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            String original = name.substring(BridgeLoader.AGENT_PREFIX.length()).replace('.', '/') + ".class";
            try (InputStream content = name.startsWith(SHADED) ? getResourceAsStream(original) : null) {
                if (content == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] file = BridgeLoader.moved(content.readAllBytes(), "io/opentelemetry/", SHADED.replace('.', '/'));
                return defineClass(name, file, 0, file.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    @Test
    void seesTheSpanOfAnApiThatWasMovedToAnotherPackage() throws Exception {
        Shaded shaded = new Shaded();
        CurrentSpan current = BridgeLoader.bridge(shaded, null);
        AtomicReference<@Nullable LiveSpan> under = new AtomicReference<>();

        assertThat(current.find()).isNull();
        underAValidSpan(shaded, () -> under.set(current.find()));
        assertThat(under.get()).isSameAs(LiveSpan.SILENT);
        assertThat(current.find()).isNull();
    }

    private static void underAValidSpan(ClassLoader shaded, Runnable task) throws ReflectiveOperationException {
        Class<?> context = shaded.loadClass(SHADED + "api.trace.SpanContext");
        Class<?> flags = shaded.loadClass(SHADED + "api.trace.TraceFlags");
        Class<?> state = shaded.loadClass(SHADED + "api.trace.TraceState");
        Object valid = context.getMethod("create", String.class, String.class, flags, state)
                .invoke(
                        null,
                        "0af7651916cd43dd8448eb211c80319c",
                        "b7ad6b7169203331",
                        flags.getMethod("getSampled").invoke(null),
                        state.getMethod("getDefault").invoke(null));
        Class<?> span = shaded.loadClass(SHADED + "api.trace.Span");
        Object wrapped = span.getMethod("wrap", context).invoke(null, valid);
        Object scope = span.getMethod("makeCurrent").invoke(wrapped);
        try {
            task.run();
        } finally {
            closeOf(scope).invoke(scope);
        }
    }

    private static Method closeOf(Object scope) throws NoSuchMethodException {
        Method close = AutoCloseable.class.getMethod("close");
        assertThat(scope).isInstanceOf(AutoCloseable.class);
        return close;
    }
}
