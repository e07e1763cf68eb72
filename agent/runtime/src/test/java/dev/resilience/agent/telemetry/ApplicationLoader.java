package dev.resilience.agent.telemetry;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/** A class loader of an application that brings its own OpenTelemetry, beside everything else. */
final class ApplicationLoader extends URLClassLoader {

    ApplicationLoader() throws IOException {
        super("application", classPath(), ClassLoader.getPlatformClassLoader());
    }

    private static URL[] classPath() {
        return Pattern.compile(File.pathSeparator)
                .splitAsStream(System.getProperty("java.class.path"))
                .filter(entry -> entry.contains("opentelemetry") || entry.endsWith("test-classes"))
                .map(entry -> {
                    try {
                        return Path.of(entry).toUri().toURL();
                    } catch (MalformedURLException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .toArray(URL[]::new);
    }

    /** Runs the task under a span of the application; its attributes and events. */
    Map<String, Object> run(boolean sampled, Runnable task) {
        List<Map<String, Object>> spans = application().apply(sampled, task);
        return spans.isEmpty() ? Map.of() : spans.get(0);
    }

    @SuppressWarnings("unchecked") // the class is ours, only from another loader
    private BiFunction<Boolean, Runnable, List<Map<String, Object>>> application() {
        try {
            return (BiFunction<Boolean, Runnable, List<Map<String, Object>>>)
                    loadClass("dev.resilience.agent.telemetry.SampleApplication")
                            .getDeclaredConstructor()
                            .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
